// SPDX-License-Identifier: Apache-2.0
// Metrics of a model after several numbers of steps: for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <shoal/model_metrics.hpp>

namespace shoal::cli {

/// [{"name", "steps", "selected", "tasks", "rows", "metrics", "macro", "loss", "half_width", "interval",
/// "against"}] (docs/commands.md).
nlohmann::ordered_json json_models(const std::vector<ModelMetrics>& models);

/// "model, 1 step": as a text says it; name_with_steps names the line for programs.
std::string shown_name(const ModelMetrics& line);

/// The models as a table, with a warning where quantiles cross; empty where nothing was measured.
std::string models_text(const std::vector<ModelMetrics>& models);

/// [{"by", "group", "models"}], and a table per group with a line that names it.
nlohmann::ordered_json json_groups(const std::vector<GroupMetrics>& groups);
std::string groups_text(const std::vector<GroupMetrics>& groups);

}  // namespace shoal::cli
