// SPDX-License-Identifier: Apache-2.0
// Model selection as a run is configured for it and tells of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <shoal/model_selection.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/train_run.hpp>

#include "run/opened_data.hpp"

namespace shoal {

/// The configuration with train.validate_every as it holds for these data. Throws InvalidArgument when
/// validation is asked for and there are no validation tasks, or patience without validation. Notes when the
/// validation tasks are those of the training: a task file is not split.
RunConfig with_validation(RunConfig config, const OpenedData& data, const Notify& notify);

/// Whether a run of a configuration that with_validation returned evaluates the validation tasks.
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

/// As entries of a model's metadata: "selected_iteration", and "validation_loss" and "selected_steps" where
/// they are known.
void add_selection(const TrainReport& report, ModelMetadata& metadata);
/// Why nothing could be selected although there were validations, or no number of steps; empty when all is
/// well.
std::string failed_selection(const RunConfig& config, const TrainReport& report);

}  // namespace shoal
