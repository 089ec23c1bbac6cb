// SPDX-License-Identifier: Apache-2.0
// TeamLauncher: the regimes of a team of threads per task, a warp or a block: the memory that teams work in,
// the arrays that the network's description points to, and the launch of the task kernel.
#pragma once

#include "cuda/device_layout.hpp"
#include "cuda/plan/launch_plan.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/team/task_kernels.hpp"

namespace shoal::cuda {

class TeamLauncher {
 public:
  /// Sends what `plan` needs, and fills the rest of `job`. `layout` stays until the stream has come there.
  /// Throws ResourceError when none of the `multiprocessors` can hold a block.
  kernels::TeamLaunch prepare(Stream& stream, const LaunchPlan& plan, const DeviceLayout& layout,
                              int multiprocessors, kernels::TaskArguments& job);
  static void launch(Stream& stream, const kernels::TeamLaunch& grid, const kernels::TaskArguments& job);

 private:
  DeviceArray<float> workspace_, step_weights_;
  DeviceArray<kernels::TeamWidth> widths_;
  DeviceArray<kernels::LayerShape> layers_;
};

}  // namespace shoal::cuda
