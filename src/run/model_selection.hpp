// SPDX-License-Identifier: Apache-2.0
// Model selection of a run: its configuration, and what the run reports about it.
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

/// Sets train.validate_every to the value that applies to these data. Throws InvalidArgument when the
/// configuration asks for validation and there are no validation tasks, and when it has patience without
/// validation. Sends a note when validation uses the training tasks, as with a task file, which is not split.
RunConfig with_validation(RunConfig config, const OpenedData& data, const Notify& notify);

/// Whether a run evaluates validation tasks. `config` comes from with_validation.
bool validates(const RunConfig& config);

/// For evaluate.select_steps: the number of evaluate.steps that is best on the validation tasks. Empty when
/// the option is off or no task is good.
template <class Real>
std::optional<int> choose_steps(const BasicMetaLearner<Real>& learner, const OpenedData& data,
                                const RunConfig& config) {
  if (!config.evaluate.select_steps) return std::nullopt;
  const auto tasks = validation_tasks<Real>(*data.source);
  return best_steps(summarize(losses_in_user_units(config.loss.kind, data.source->target_units(),
                                                   learner.evaluate(tasks, config.evaluate.steps)),
                              tasks.ids()));
}

/// Adds "selected_iteration" to a model's metadata, and "validation_loss" and "selected_steps" where they are
/// known.
void add_selection(const TrainReport& report, ModelMetadata& metadata);
/// Says why validation could select no model, or no number of steps. Empty when nothing went wrong.
std::string failed_selection(const RunConfig& config, const TrainReport& report);

}  // namespace shoal
