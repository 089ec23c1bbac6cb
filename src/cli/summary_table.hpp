// SPDX-License-Identifier: Apache-2.0
// Prints the summaries of an evaluation as a table for people, or as JSON.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <shoal/evaluation.hpp>
#include <shoal/run_report.hpp>

namespace shoal::cli {

/// A table with a row per number of steps: mean +- half the 95 % interval, median, tail quantiles and failed
/// tasks.
std::string text_table(const std::vector<StepSummary>& summaries);
nlohmann::ordered_json json_table(const std::vector<StepSummary>& summaries);

/// {"id", "key" (if the task has one), "status", "reason", "step"}.
nlohmann::ordered_json json_failure(const FailedTask& task);
nlohmann::ordered_json json_failures(std::span<const FailedTask> tasks);

/// [{"id", "key", "phase", "trained_on", "loss": [per number of steps], "status": [...]}], one object per
/// task in the order of the batch.
nlohmann::ordered_json json_losses(const Evaluation& evaluation);

}  // namespace shoal::cli
