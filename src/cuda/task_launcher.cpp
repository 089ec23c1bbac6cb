// SPDX-License-Identifier: Apache-2.0
#include "cuda/task_launcher.hpp"

#include <algorithm>

namespace shoal::cuda {

TaskLaunch TaskLauncher::prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel,
                                 int rows, kernels::TaskArguments& job) {
  const DeviceLayout& layout = problem.layout();
  job.network = layout.network();
  job.loss = problem.loss();
  job.inner = problem.inner();
  TaskLaunch launch{.kernel = kernel,
                    .plan = make_plan(layout.network(), problem.inner(), kernel, job.rate_count, rows,
                                      device_.shared_per_block),
                    .grid = {}};
  const LaunchPlan& plan = launch.plan;
  job.memory = plan.memory;
  job.workspace_layout = plan.workspace;
  const int resident =
      resident_blocks(kernels::task_kernel_address(kernel), plan.threads, plan.shared_bytes());
  launch.grid.threads = plan.threads;
  launch.grid.shared_bytes = plan.shared_bytes();
  launch.grid.blocks = std::clamp(std::min(resident * device_.multiprocessors, job.tasks), 1, most_blocks);
  const auto blocks = static_cast<std::size_t>(launch.grid.blocks);
  // Padding in the workspace must be zero, and whoever used it before had another layout.
  job.workspace = workspace_.zeroed(stream, blocks * static_cast<std::size_t>(plan.workspace.floats));
  if (plan.regime == Regime::global)
    job.fast = fast_.room_for(stream, blocks * static_cast<std::size_t>(plan.memory.floats));

  job.network.layers = layers_.take(stream, layout.layers());
  const auto quantiles = static_cast<std::size_t>(job.loss.quantile_count);
  job.loss.quantiles = quantiles_.take(stream, {job.loss.quantiles, quantiles});
  if (job.inner.step_weights)
    job.inner.step_weights =
        step_weights_.take(stream, {job.inner.step_weights, static_cast<std::size_t>(job.inner.steps)});
  return launch;
}

void TaskLauncher::launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job) {
  switch (launch.plan.regime) {
    case Regime::warp:
    case Regime::block:
    case Regime::global:
      kernels::launch_tasks(launch.kernel, job, launch.grid, stream.handle());
      break;
  }
  stream.check("launch of a task kernel");
}

}  // namespace shoal::cuda
