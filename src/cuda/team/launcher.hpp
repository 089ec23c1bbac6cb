// SPDX-License-Identifier: Apache-2.0
// TeamLauncher: runs the regimes with a team of threads per task (a warp or a block). It holds the memory
// that teams work in and the arrays to which the description of the network points, and launches the task
// kernel.
#pragma once

#include "cuda/device_layout.hpp"
#include "cuda/plan/launch_plan.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/team/task_kernels.hpp"

namespace shoal::cuda {

class TeamLauncher {
 public:
  /// Uploads what `plan` needs, and fills the rest of `job`. `layout` must live until the stream has finished
  /// the copies. Throws ResourceError if no multiprocessor can hold a block.
  kernels::TeamLaunch prepare(Stream& stream, const LaunchPlan& plan, const DeviceLayout& layout,
                              int multiprocessors, kernels::TaskArguments& job);
  static void launch(Stream& stream, const kernels::TeamLaunch& grid, const kernels::TaskArguments& job);

 private:
  DeviceArray<float> workspace_, step_weights_;
  DeviceArray<kernels::TeamWidth> widths_;
  DeviceArray<kernels::LayerShape> layers_;
};

}  // namespace shoal::cuda
