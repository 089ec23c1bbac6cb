// SPDX-License-Identifier: Apache-2.0
// What baselines, and the forecasts of others, say of the rows of an evaluation.
#pragma once

#include <string>
#include <vector>

#include <shoal/baselines.hpp>
#include <shoal/context.hpp>
#include <shoal/notice.hpp>
#include <shoal/task_batch.hpp>

#include "run/opened_data.hpp"
#include "run/trained_model.hpp"

namespace shoal {

/// What an evaluation asks for: names as --baselines has them, and forecasts of others.
struct BaselineRequest {
  std::vector<std::string> names;
  std::vector<ForecastFile> forecasts;

  bool any() const {
    return !forecasts.empty() || (!names.empty() && names != std::vector<std::string>{"none"});
  }
};
/// Throws InvalidArgument for a name that there is not (with the nearest one), that occurs twice, or that is
/// a baseline's where somebody's forecasts are named.
void require_known(const BaselineRequest& request);

/// What one baseline, or somebody else's file, says of the query rows of tasks.
struct BaselineOutputs {
  std::string name;
  std::vector<double> outputs;  ///< [query rows, outputs], in the user's units; NaN where it has no forecast
};

/// The names of the baselines asked for, where "auto" stands for those that are defined for the loss and the
/// data; none for "none". Arguments as baseline_outputs has them.
std::vector<std::string> names_of(const BaselineRequest& request, const TrainedModel& model,
                                  const OpenedData& data, const OpenedData& train, const TaskBatch64& tasks,
                                  const Context& context);

/// The outputs of every baseline asked for. `tasks`: the evaluated ones, in double, in the learner's units;
/// `train`: the run's own data, whose meta-train tasks the baselines are fitted on; `context` computes what
/// needs a training. "auto" takes every baseline that is defined for the loss and the data (empirical-bayes
/// up to 40 inputs), but none that needs a training. Throws
/// InvalidArgument where a baseline is asked for that is not defined, and DataError where a file has no
/// forecast for any whole task. Warns of keys that garch and gjr cannot be fitted for: their rows are NaN.
std::vector<BaselineOutputs> baseline_outputs(const BaselineRequest& request, const TrainedModel& model,
                                              const OpenedData& data, const OpenedData& train,
                                              const TaskBatch64& tasks, const Context& context,
                                              const Notify& notify);
}  // namespace shoal
