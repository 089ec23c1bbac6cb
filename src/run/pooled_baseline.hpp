// SPDX-License-Identifier: Apache-2.0
// The baselines pooled and pooled-tuned: the network of a configuration without meta-learning.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <shoal/context.hpp>
#include <shoal/run_config.hpp>
#include <shoal/task_batch.hpp>

#include "run/opened_data.hpp"

namespace shoal {

bool is_pooled(std::string_view name);

/// The configuration that trains the baseline of a configuration's network: algorithm pooled, a table's or
/// file's tasks drawn by their rows, from the initial parameters of the seed, without a gate. Iterations,
/// optimizer, validation, inner learning rate and max_move are the configuration's.
RunConfig pooled_config(RunConfig config);

/// A network that is trained in memory when it is made.
class PooledBaseline {
 public:
  /// Trains on the meta-train tasks of `data`, however it draws them; `config` comes from pooled_config. The
  /// result has the bits of a run that trains this configuration. `context` and `data` must outlive it.
  /// Throws what train and with_validation throw.
  PooledBaseline(const Context& context, const RunConfig& config, const OpenedData& data);
  ~PooledBaseline();

  /// The outputs for the query rows of tasks (in the learner's units), [rows, outputs], in the user's units,
  /// with the bits of the run's predictions. `pooled`: the network
  /// as it is; `pooled-tuned`: after as many adaptation steps of each task as are best, out of
  /// evaluate.steps, on the validation tasks; NaN for tasks that fail. Throws InvalidArgument for
  /// pooled-tuned without validation tasks.
  std::vector<double> outputs(std::string_view name, const TaskBatch64& tasks);

 private:
  class Trained;
  template <class Real>
  class TrainedIn;
  std::unique_ptr<Trained> trained_;
};

}  // namespace shoal
