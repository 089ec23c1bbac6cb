// SPDX-License-Identifier: Apache-2.0
#include "cuda/fixed/launcher.hpp"

#include <algorithm>

#include <shoal/error.hpp>

#include "cuda/fixed/fixed_source.hpp"
#include "cuda/fixed/sum_places.hpp"
#include "cuda/runtime/counts.hpp"
#include "cuda/runtime/device.hpp"
#include "kernels/fixed/bench_instances.hpp"

namespace shoal::cuda {

namespace {

// A compilation takes seconds of a core, and a program that ends waits for it: one batch is not worth that.
constexpr int worth_compiling = 3;

const kernels::FixedInstance* find_in(std::span<const kernels::FixedInstance> instances,
                                      const kernels::FixedShape& shape) {
  const auto found = std::find_if(instances.begin(), instances.end(),
                                  [&](const kernels::FixedInstance& one) { return one.shape == shape; });
  return found == instances.end() ? nullptr : &*found;
}

}  // namespace

std::optional<FixedKernel> FixedLauncher::find(const kernels::FixedShape& shape, bool wait) {
  for (const auto instances : {instances_, kernels::bench_instances()})
    if (const kernels::FixedInstance* const one = find_in(instances, shape))
      return FixedKernel{.shape = shape, .ahead = *one, .loaded = nullptr};
  if (!compiler_) return std::nullopt;
  times_ = asked_ == shape ? times_ + 1 : 1;
  asked_ = shape;
  if (!wait && times_ < worth_compiling) return std::nullopt;
  const KernelSource source = fixed_source(shape);
  std::shared_ptr<const LoadedKernel> loaded = wait ? compiler_->wait_for(source) : compiler_->find(source);
  if (!loaded) return std::nullopt;
  return FixedKernel{.shape = shape, .ahead = {}, .loaded = std::move(loaded)};
}

std::string FixedLauncher::reason(const kernels::FixedShape& shape) const {
  if (!compiler_) return "none was compiled ahead of time, and none is compiled at run time";
  const KernelState state = compiler_->state(fixed_source(shape));
  return state.reason.empty() ? "it has not been compiled" : state.reason;
}

FixedLaunch FixedLauncher::prepare(Stream& stream, const FixedKernel& kernel, int multiprocessors,
                                   kernels::TaskArguments& job) {
  const kernels::FixedShape& shape = kernel.shape;
  const kernels::FixedPlan plan = kernels::fixed_plan(shape);
  const int threads = kernels::fixed_block_threads(shape), tasks = threads / shape.lanes;
  FixedLaunch launch{.kernel = kernel,
                     .grid = {.threads = threads,
                              .shared_bytes = std::int64_t{tasks} * plan.shared_floats *
                                              static_cast<std::int64_t>(sizeof(float))}};
  const int resident = resident_blocks(kernel.address(), threads, launch.grid.shared_bytes);
  if (resident == 0)
    throw ResourceError("cuda: no multiprocessor can hold a block of the kernel for " + describe(shape));
  launch.grid.blocks = std::clamp((job.tasks + tasks - 1) / tasks, 1, resident * multiprocessors);
  const bool learns = shape.exact && shape.rates != LearnedRate::none;
  job.workspace_layout = {};
  job.workspace_layout.floats = (plan.workspace(job.inner.steps, job.rate_count, learns) + 3) / 4 * 4;
  const auto teams = static_cast<std::size_t>(launch.grid.blocks) * static_cast<std::size_t>(tasks);
  job.workspace =
      workspace_.reserve_zeroed(stream, teams * static_cast<std::size_t>(job.workspace_layout.floats));
  job.sum_places = places_.upload_and_wait(stream, sum_places(shape));
  job.sum_count = plan.sum_count;
  return launch;
}

void FixedLauncher::launch(Stream& stream, const FixedLaunch& launch, const kernels::TaskArguments& job) {
  constexpr const char* what = "launch of a kernel made for a shape";
  ++device_counts().made_for_shape;
  if (launch.kernel.loaded) {
    kernels::TaskArguments copy = job;
    void* arguments[] = {&copy};
    launch.kernel.loaded->launch(stream, {launch.grid.blocks, launch.grid.threads, launch.grid.shared_bytes},
                                 arguments, what);
    return;
  }
  launch.kernel.ahead.launch(job, launch.grid, stream.handle());
  stream.check(what);
}

}  // namespace shoal::cuda
