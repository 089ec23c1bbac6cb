// SPDX-License-Identifier: Apache-2.0
// TaskLauncher: makes a plan from a problem and its sizes, and launches it, by teams of threads or layer by
// layer.
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

/// What the host must know of the tasks of a launch. All of it must outlive the launch.
struct TaskShape {
  std::span<const std::int64_t> support, query;  ///< row starts [tasks + 1]; empty: no such side
  int support_rows = 0, query_rows = 0;          ///< of the largest task
  std::span<const int> points = {};              ///< for evaluate: numbers of steps, ascending
};

/// A prepared launch, to be made once or often.
struct TaskLaunch {
  LaunchPlan plan;
  kernels::TeamLaunch grid;
  LayeredCall layered;  ///< for that regime; without theta, rates and sums

  /// Whether launch() submits only kernels, and always the same ones, so that a graph can capture it.
  bool can_be_captured() const { return plan.regime != Regime::layers; }
};

class TaskLauncher {
 public:
  /// All launches must use `stream`.
  TaskLauncher(const DeviceInfo& device, const CudaOptions& options, Stream& stream);

  /// Plans `kernel` for the tasks of `job`; uploads what the plan needs: the workspace and the arrays to
  /// which the description of the network points. Fills the rest of `job`.
  TaskLaunch prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel,
                     const TaskShape& shape, kernels::TaskArguments& job);
  /// Submits the launch to `stream`.
  void launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job);

 private:
  DeviceInfo device_;
  Architecture architecture_;
  PlanOverride plan_override_;
  std::int64_t layered_memory_;  ///< bytes; 0: half of what is free at the first use
  LayeredRunner layered_;
  std::optional<FastProducts> fast_;
  TeamLauncher teams_;
  DeviceArray<float> quantiles_;
};

}  // namespace shoal::cuda
