// SPDX-License-Identifier: Apache-2.0
#include "run/train_options.hpp"

namespace shoal {
namespace {

/// Iterations per line of metrics: as configured, else the largest of 1, 2, 10, 20, 100, 200, ... that gives
/// at least a hundred lines. Each of these numbers divides the next; so a run that is resumed for more
/// iterations already has the lines that it needs.
std::int64_t log_every(const TrainConfig& train) {
  if (train.log_every > 0) return train.log_every;
  std::int64_t every = 1;
  for (std::int64_t times = 2; every * times * 100 <= train.iterations; times = times == 2 ? 5 : 2)
    every *= times;
  return every;
}

}  // namespace

TrainOptions train_options_of(const RunConfig& config) {
  TrainOptions options;
  options.iterations = config.train.iterations;
  options.tasks_per_batch = config.train.tasks_per_batch;
  options.checkpoint_every = config.train.checkpoint_every;
  options.log_every = log_every(config.train);
  options.validate_every = *config.train.validate_every;
  options.keep = config.train.keep;
  options.patience = config.train.patience;
  return options;
}

}  // namespace shoal
