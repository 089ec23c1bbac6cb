// SPDX-License-Identifier: Apache-2.0
// TaskLauncher: from a problem and sizes to a plan and its launch, by teams of threads or layer by layer.
#pragma once

#include <optional>
#include <span>

#include "cuda/cuda_options.hpp"
#include "cuda/device_problem.hpp"
#include "cuda/layered/runner.hpp"
#include "cuda/plan/launch_plan.hpp"
#include "cuda/runtime/device.hpp"
#include "cuda/team/launcher.hpp"

namespace shoal::cuda {

/// What a launch must know of its tasks on the host; all of it outlives the launch.
struct TaskShape {
  std::span<const std::int64_t> support, query;  ///< offsets [tasks + 1]; empty: no such side
  int support_rows = 0, query_rows = 0;          ///< no task has more
  std::span<const int> points = {};              ///< evaluate: numbers of steps, ascending
};

/// A launch, ready to be made, once or often.
struct TaskLaunch {
  LaunchPlan plan;
  kernels::TeamLaunch grid;
  LayeredCall layered;  ///< of the regime of that name; without the sums

  /// Whether launch() gives the stream nothing but kernels, always the same, so that a graph can hold it.
  bool can_be_captured() const { return plan.regime != Regime::layers; }
};

class TaskLauncher {
 public:
  /// `stream` is the one that all launches will be given to.
  TaskLauncher(const DeviceInfo& device, const CudaOptions& options, Stream& stream);

  /// Plans `kernel` for the tasks of `job`, and sends what the plan needs:
  /// workspace and the arrays that the network's description points to. Fills the rest of `job`.
  TaskLaunch prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel,
                     const TaskShape& shape, kernels::TaskArguments& job);
  /// Gives the launch to `stream`.
  void launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job);

 private:
  DeviceInfo device_;
  Architecture architecture_;
  PlanOverride plan_override_;
  std::int64_t layered_memory_;  ///< bytes; 0: half of what is free when they are first needed
  LayeredRunner layered_;
  std::optional<FastProducts> fast_;
  TeamLauncher teams_;
  DeviceArray<float> quantiles_;
};

}  // namespace shoal::cuda
