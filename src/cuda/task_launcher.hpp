// SPDX-License-Identifier: Apache-2.0
// TaskLauncher: from a problem and sizes to a plan, the memory that its blocks work in, and the launch.
#pragma once

#include "cuda/device.hpp"
#include "cuda/device_problem.hpp"
#include "cuda/launch_plan.hpp"

namespace shoal::cuda {

/// A block's digits count as one value when they are added: an exact sum has room for this many.
inline constexpr int most_blocks = kernels::exact_capacity - 1;

/// A launch, ready to be made, once or often.
struct TaskLaunch {
  kernels::TaskKernel kernel = kernels::TaskKernel::meta_gradient;
  LaunchPlan plan;
  kernels::TeamLaunch grid;
};

class TaskLauncher {
 public:
  explicit TaskLauncher(const DeviceInfo& device) : device_(device) {}

  /// Plans `kernel` for the tasks of `job`, of at most `rows` rows each, and sends what the plan needs:
  /// workspace and the arrays that the network's description points to. Fills the rest of `job`.
  TaskLaunch prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel, int rows,
                     kernels::TaskArguments& job);
  /// Gives the launch to `stream`; nothing but launches, so that a graph can capture it.
  void launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job);

 private:
  DeviceInfo device_;
  DeviceArray<float> workspace_, fast_, quantiles_, step_weights_;
  DeviceArray<kernels::LayerShape> layers_;
};

}  // namespace shoal::cuda
