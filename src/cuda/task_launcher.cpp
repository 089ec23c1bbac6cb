// SPDX-License-Identifier: Apache-2.0
#include "cuda/task_launcher.hpp"

#include <algorithm>

#include <shoal/error.hpp>

#include "cuda/plan/plan_choice.hpp"

namespace shoal::cuda {
namespace {

// Tasks are distributed over sets of sums: few sets, so that they take little memory, and more where a set
// would overflow.
constexpr int fewest_sets = 8, most_tasks_of_a_set = kernels::exact_capacity - 1;

int sets_for(int tasks) {
  const int sets = std::max(fewest_sets, (tasks + most_tasks_of_a_set - 1) / most_tasks_of_a_set);
  if (sets > most_tasks_of_a_set)
    throw ResourceError("cuda: " + std::to_string(tasks) + " tasks at a time are more than " +
                        std::to_string(most_tasks_of_a_set * most_tasks_of_a_set) + "; set a chunk");
  return sets;
}

}  // namespace

TaskLauncher::TaskLauncher(const DeviceInfo& device, const CudaOptions& options, Stream& stream)
    : device_(device),
      architecture_(architecture_of(device.major, device.minor)),
      plan_override_(plan_override_of(options)),
      layered_memory_(options.layered_memory) {
  if (options.math == Math::fast) fast_.emplace(stream);
  architecture_.shared_per_block = std::min(architecture_.shared_per_block, device.shared_per_block);
  if (options.shared_limit > 0)
    architecture_.shared_per_block = std::min(architecture_.shared_per_block, options.shared_limit);
}

TaskLaunch TaskLauncher::prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskKernel kernel,
                                 const TaskShape& shape, kernels::TaskArguments& job) {
  const DeviceLayout& layout = problem.layout();
  job.kernel = kernel;
  job.network = layout.network();
  job.loss = problem.loss();
  job.inner = problem.inner();
  job.sum_sets = sets_for(job.tasks);
  TaskLaunch launch{.plan = make_plan({.network = layout.network(),
                                       .loss = job.loss.kind,
                                       .inner = problem.inner(),
                                       .kernel = kernel,
                                       .rate_count = job.rate_count,
                                       .support_rows = shape.support_rows,
                                       .query_rows = shape.query_rows},
                                      architecture_, plan_override_),
                    .grid = {},
                    .layered = {}};
  const LaunchPlan& plan = launch.plan;
  const auto quantiles = static_cast<std::size_t>(job.loss.quantile_count);
  job.loss.quantiles = quantiles_.upload(stream, {job.loss.quantiles, quantiles});
  if (plan.regime == Regime::layers) {
    job.sum_sets = 1;
    launch.layered = layered_call(kernel, job, layout.network(), problem.inner(), shape.support, shape.query,
                                  shape.points);
    return launch;
  }
  launch.grid = teams_.prepare(stream, plan, layout, device_.multiprocessors, job);
  return launch;
}

void TaskLauncher::launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job) {
  if (launch.plan.regime == Regime::layers) {
    LayeredCall call = launch.layered;
    call.theta = job.theta;
    call.rates = job.rates;
    call.sums = job.sums;
    call.rate_sums = job.rate_sums;
    // Asked once: less memory is free later, and chunks that grew would allocate again.
    if (layered_memory_ <= 0) layered_memory_ = available_memory(stream) / 2;
    layered_.run(call, layered_memory_, stream, fast_ ? &*fast_ : nullptr);
    return;
  }
  TeamLauncher::launch(stream, launch.grid, job);
}

}  // namespace shoal::cuda
