// SPDX-License-Identifier: Apache-2.0
// TaskLauncher: makes a plan from a problem and its sizes, and launches it, by teams of threads or layer by
// layer.
#pragma once

#include <optional>
#include <span>

#include "cuda/cuda_options.hpp"
#include "cuda/device_problem.hpp"
#include "cuda/fixed/launcher.hpp"
#include "cuda/layered/runner.hpp"
#include "cuda/plan/launch_plan.hpp"
#include "cuda/runtime/device.hpp"
#include "cuda/team/launcher.hpp"

namespace shoal::cuda {

/// What the host must know of the tasks of a launch. All of it must outlive the launch.
struct TaskShape {
  std::span<const std::int64_t> support, query;  ///< row starts [tasks + 1]; empty: no such side
  int support_rows = 0, query_rows = 0;          ///< of the largest task
  bool some_empty = false;  ///< a side of some task is empty, or may be in a later launch of this plan
  std::span<const int> points = {};  ///< for evaluate: numbers of steps, ascending
};

/// A prepared launch, to be made once or often.
struct TaskLaunch {
  LaunchPlan plan;
  kernels::TeamLaunch grid;
  LayeredCall layered;               ///< for that regime; without theta, rates and sums
  std::optional<FixedLaunch> fixed;  ///< a kernel made for the shape, which runs instead of the plan
  std::optional<kernels::FixedShape> awaited;  ///< the shape for which such a kernel may come later

  /// Whether launch() submits only kernels, and always the same ones, so that a graph can capture it.
  bool can_be_captured() const { return fixed || plan.regime != Regime::layers; }
};

class TaskLauncher {
 public:
  /// All launches must use `stream`.
  TaskLauncher(const DeviceInfo& device, const CudaOptions& options, Stream& stream,
               std::shared_ptr<KernelCompiler> compiler);

  /// Plans `kernel` for the tasks of `job`; uploads what the plan needs: the workspace and the arrays to
  /// which the description of the network points. Fills the rest of `job`.
  TaskLaunch prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel,
                     const TaskShape& shape, kernels::TaskArguments& job);
  /// Whether a launch that was prepared without a kernel made for its shape would get one now. Not while a
  /// stream is captured.
  bool has_better(const TaskLaunch& launch) {
    return launch.awaited && fixed_.find(*launch.awaited, false).has_value();
  }
  /// Submits the launch to `stream`.
  void launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job);

 private:
  /// The shape for which a kernel may be made, if it is in their scope and the options allow it.
  std::optional<kernels::FixedShape> fixed_shape(const PlanRequest& request, const TaskShape& shape,
                                                 const kernels::TaskArguments& job) const;

  DeviceInfo device_;
  Architecture architecture_;
  PlanOverride plan_override_;
  FixedKernels use_fixed_;
  int fixed_lanes_, fixed_rows_;
  bool fixed_streamed_;
  std::int64_t layered_memory_;  ///< bytes; 0: half of what is free at the first use
  LayeredRunner layered_;
  std::optional<FastProducts> fast_;
  TeamLauncher teams_;
  FixedLauncher fixed_;
  DeviceArray<float> quantiles_;
};

}  // namespace shoal::cuda
