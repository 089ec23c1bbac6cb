// SPDX-License-Identifier: Apache-2.0
// Model selection as a run is configured for it and tells of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <shoal/model_selection.hpp>
#include <shoal/run_config.hpp>

#include "cli/opened_data.hpp"

namespace shoal::cli {

/// The configuration with train.validate_every as it holds for these data. Throws InvalidArgument when
/// validation is asked for and there are no validation tasks, or patience without validation. Tells when the
/// validation tasks are those of the training: a task file is not split.
RunConfig with_validation(RunConfig config, const OpenedData& data, const CommonOptions& options);

/// Whether a run of a configuration that with_validation returned looks at the validation tasks.
bool validates(const RunConfig& config);

/// evaluate.select_steps: the best of evaluate.steps by the validation tasks. Nothing where it is not asked
/// for, or no task is good.
template <class Real>
std::optional<int> choose_steps(const BasicMetaLearner<Real>& learner, const OpenedData& data,
                                const RunConfig& config) {
  if (!config.evaluate.select_steps) return std::nullopt;
  const auto tasks = validation_tasks<Real>(*data.source);
  return best_steps(summarize(losses_in_user_units(config.loss.kind, data.source->target_units(),
                                                   learner.evaluate(tasks, config.evaluate.steps)),
                              tasks.ids()));
}

/// Which model a training ended with.
struct SelectedModel {
  std::int64_t iteration = 0;
  std::optional<double> validation_loss;
  std::optional<int> steps;
};
/// {"selected_iteration", "validation_loss", "selected_steps"}: the loss null where there is none, the steps
/// only when they were selected.
nlohmann::ordered_json json_of(const SelectedModel& selected);
std::string describe(const SelectedModel& selected);
/// Why nothing could be selected although there were looks, or no number of steps; empty when all is well.
std::string failed_selection(const RunConfig& config, const TrainSummary& summary,
                             const SelectedModel& selected);

}  // namespace shoal::cli
