// SPDX-License-Identifier: Apache-2.0
// TaskLauncher: from a problem and sizes to a plan, the memory that its blocks work in, and the launch.
#pragma once

#include "cuda/cuda_backend.hpp"
#include "cuda/device.hpp"
#include "cuda/device_problem.hpp"
#include "cuda/launch_plan.hpp"

namespace shoal::cuda {

/// Rows of the largest task.
struct MostRows {
  int support = 0, query = 0;
};

/// A launch, ready to be made, once or often.
struct TaskLaunch {
  LaunchPlan plan;
  kernels::TeamLaunch grid;
};

class TaskLauncher {
 public:
  TaskLauncher(const DeviceInfo& device, const CudaOptions& options);

  /// Plans `kernel` for the tasks of `job`, of at most `rows` each, and sends what the plan needs:
  /// workspace and the arrays that the network's description points to. Fills the rest of `job`.
  TaskLaunch prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel, MostRows rows,
                     kernels::TaskArguments& job);
  /// Gives the launch to `stream`; nothing but launches, so that a graph can capture it.
  void launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job);

 private:
  DeviceInfo device_;
  Architecture architecture_;
  PlanWish wish_;
  DeviceArray<float> workspace_, quantiles_, step_weights_;
  DeviceArray<kernels::TeamWidth> widths_;
  DeviceArray<kernels::LayerShape> layers_;
};

}  // namespace shoal::cuda
