// SPDX-License-Identifier: Apache-2.0
// The table of an evaluation, for people and as JSON.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <shoal/evaluation.hpp>

#include "cli/opened_data.hpp"

namespace shoal::cli {

/// Mean +- half-width of the 95 % interval, median, tail quantiles and failed tasks per number of steps,
/// aligned columns.
std::string text_table(const std::vector<StepSummary>& summaries);
nlohmann::ordered_json json_table(const std::vector<StepSummary>& summaries);

/// {"id", "key" (where there is one), "status", "reason", "step"}.
nlohmann::ordered_json json_failure(const FailedTask& task);
nlohmann::ordered_json json_failures(std::span<const FailedTask> tasks);

/// [{"id", "key", "phase", "trained_on", "loss": [per number of steps], "status": [...]}], tasks in the order
/// of the batch.
template <class Real>
nlohmann::ordered_json json_losses(const StepLosses<Real>& losses, std::span<const std::int64_t> ids,
                                   const OpenedData& data) {
  auto list = nlohmann::ordered_json::array();
  for (std::size_t t = 0; t < ids.size(); ++t) {
    nlohmann::ordered_json task = {
        {"id", ids[t]}, {"key", data.key_of(ids[t])}, {"phase", data.run.phase_of(ids[t])}};
    task["trained_on"] = data.run.known() ? nlohmann::ordered_json(data.run.trained_on(ids[t])) : nullptr;
    for (std::size_t i = 0; i < losses.steps.size(); ++i) {
      const std::size_t at = i * ids.size() + t;
      task["loss"].push_back(static_cast<double>(losses.loss[at]));  // NaN becomes null
      task["status"].push_back(static_cast<int>(losses.status[at]));
    }
    list.push_back(std::move(task));
  }
  return list;
}

}  // namespace shoal::cli
