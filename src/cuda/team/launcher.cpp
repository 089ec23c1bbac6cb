// SPDX-License-Identifier: Apache-2.0
#include "cuda/team/launcher.hpp"

#include <algorithm>

#include <shoal/error.hpp>

#include "cuda/runtime/device.hpp"

namespace shoal::cuda {

kernels::TeamLaunch TeamLauncher::prepare(Stream& stream, const LaunchPlan& plan, const DeviceLayout& layout,
                                          int multiprocessors, kernels::TaskArguments& job) {
  job.memory = plan.memory;
  job.workspace_layout = plan.workspace;
  job.team_threads = plan.threads;
  kernels::TeamLaunch grid{.threads = plan.block_threads(), .shared_bytes = plan.shared_bytes()};
  const int resident = resident_blocks(kernels::task_kernel_address(), grid.threads, grid.shared_bytes);
  if (resident == 0)
    throw ResourceError("cuda: no multiprocessor can hold a block of the planned launch: " + plan.describe());
  grid.blocks = std::clamp((job.tasks + plan.teams - 1) / plan.teams, 1, resident * multiprocessors);
  const auto teams = static_cast<std::size_t>(grid.blocks) * static_cast<std::size_t>(plan.teams);
  // Padding in the workspace must be zero, and the previous user of this memory had another layout.
  job.workspace = workspace_.reserve_zeroed(stream, teams * static_cast<std::size_t>(plan.workspace.floats));
  job.widths = widths_.upload(stream, layout.widths());
  job.network.layers = layers_.upload(stream, layout.layers());
  if (job.inner.step_weights)
    job.inner.step_weights =
        step_weights_.upload(stream, {job.inner.step_weights, static_cast<std::size_t>(job.inner.steps)});
  return grid;
}

void TeamLauncher::launch(Stream& stream, const kernels::TeamLaunch& grid,
                          const kernels::TaskArguments& job) {
  kernels::launch_tasks(job, grid, stream.handle());
  stream.check("launch of the task kernel");
}

}  // namespace shoal::cuda
