// SPDX-License-Identifier: Apache-2.0
// TimedPlan: exact second-order meta-gradients of a shape, by one launch plan of the cuda backend, and how
// long they take.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/shoal.hpp>

#include "shapes.hpp"

namespace shoal::bench {

class TimedPlan {
 public:
  /// Opens a context of its own. `plan`: see ContextOptions::cuda_plan. Throws InvalidArgument when it is no
  /// plan, and ResourceError without a device.
  TimedPlan(const Shape& shape, const std::string& plan);

  struct Call {
    double seconds = 0.0;         ///< as the caller sees it, with copies
    double device_seconds = 0.0;  ///< in kernels, by the device's own clock
    MetaGradient<float> result;
  };
  /// Throws ResourceError when the plan cannot run such tasks.
  Call call(const TaskBatch& tasks);

 private:
  Context context_;
  MetaLearner learner_;
};

MetaLearner::Options options_of_timed(const Shape& shape);

/// Tasks of a call whose work takes `flops` operations, within bounds.
std::int64_t tasks_that_fill(const Shape& shape, double flops);

/// `count` batches of `tasks` tasks, with other rows each.
std::vector<TaskBatch> make_batches(const Shape& shape, std::int64_t tasks, int count);

/// The middle value, the upper one of two.
double median_of(std::vector<double> values);

}  // namespace shoal::bench
