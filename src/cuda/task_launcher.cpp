// SPDX-License-Identifier: Apache-2.0
#include "cuda/task_launcher.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

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

/// Rows of the smallest side of any task.
int least_rows(const TaskShape& shape) {
  std::int64_t least = shape.some_empty || shape.support.empty() || shape.query.empty()
                           ? 0
                           : std::numeric_limits<std::int64_t>::max();
  for (const auto starts : {shape.support, shape.query})
    for (std::size_t t = 0; t + 1 < starts.size(); ++t) least = std::min(least, starts[t + 1] - starts[t]);
  return static_cast<int>(least);
}

/// Whether rows can be copied 16 bytes at a time: a caller's memory may begin anywhere.
bool are_aligned(const kernels::TaskArguments& job) {
  const auto aligned = [](const float* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; };
  return job.network.inputs % 4 != 0 || (aligned(job.support.x) && aligned(job.query.x));
}

}  // namespace

TaskLauncher::TaskLauncher(const DeviceInfo& device, const CudaOptions& options, Stream& stream,
                           std::shared_ptr<KernelCompiler> compiler)
    : device_(device),
      architecture_(architecture_of(device.major, device.minor)),
      plan_override_(plan_override_of(options)),
      use_fixed_(options.fixed),
      fixed_lanes_(options.fixed_lanes),
      fixed_rows_(options.fixed_rows),
      fixed_streamed_(options.fixed_streamed),
      layered_memory_(options.layered_memory),
      fixed_(options.fixed_instances, std::move(compiler)) {
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
  job.sum_places = nullptr;
  job.sum_count = static_cast<std::int64_t>(layout.size());
  const PlanRequest request{.network = layout.network(),
                            .loss = job.loss.kind,
                            .inner = problem.inner(),
                            .kernel = kernel,
                            .rate_count = job.rate_count,
                            .support_rows = shape.support_rows,
                            .query_rows = shape.query_rows};
  TaskLaunch launch{.plan = make_plan(request, architecture_, plan_override_),
                    .grid = {},
                    .layered = {},
                    .fixed = {},
                    .awaited = {}};
  const LaunchPlan& plan = launch.plan;
  const auto quantiles = static_cast<std::size_t>(job.loss.quantile_count);
  job.loss.quantiles = quantiles_.upload(stream, {job.loss.quantiles, quantiles});
  launch.awaited = fixed_shape(request, shape, job);
  if (launch.awaited) {
    const bool insists = use_fixed_ == FixedKernels::always;
    if (const auto made = fixed_.find(*launch.awaited, insists)) {
      launch.awaited.reset();
      launch.fixed = fixed_.prepare(stream, *made, device_.multiprocessors, job);
      return launch;
    }
    if (insists)
      throw ResourceError("cuda: there is no kernel for " + describe(*launch.awaited) + ": " +
                          fixed_.reason(*launch.awaited));
  }
  if (plan.regime == Regime::layers) {
    job.sum_sets = 1;
    launch.layered = layered_call(kernel, job, layout.network(), problem.inner(), shape.support, shape.query,
                                  shape.points);
    return launch;
  }
  launch.grid = teams_.prepare(stream, plan, layout, device_.multiprocessors, job);
  return launch;
}

std::optional<kernels::FixedShape> TaskLauncher::fixed_shape(const PlanRequest& request,
                                                             const TaskShape& shape,
                                                             const kernels::TaskArguments& job) const {
  const bool prescribed = plan_override_.threads > 0 || plan_override_.rows > 0 || plan_override_.layers;
  if (use_fixed_ == FixedKernels::none || fast_ || prescribed) return std::nullopt;
  FixedChoice choice = choose_fixed_shape({.plan = request,
                                           .quantiles = job.loss.quantile_count,
                                           .least_rows = least_rows(shape),
                                           .offset = job.query.offset != nullptr,
                                           .lanes = fixed_lanes_,
                                           .rows = fixed_rows_,
                                           .streamed = fixed_streamed_},
                                          architecture_);
  if (choice.shape && !are_aligned(job)) {
    choice.shape.reset();
    choice.reason = "its rows do not begin at multiples of 16 bytes";
  }
  if (!choice.shape && use_fixed_ == FixedKernels::always &&
      request.kernel == kernels::TaskKernel::meta_gradient)
    throw ResourceError("cuda: no kernel is made for such a shape: " + choice.reason);
  return choice.shape;
}

void TaskLauncher::launch(Stream& stream, const TaskLaunch& launch, const kernels::TaskArguments& job) {
  if (launch.fixed) {
    FixedLauncher::launch(stream, *launch.fixed, job);
    return;
  }
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
