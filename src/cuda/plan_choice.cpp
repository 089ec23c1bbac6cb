// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan_choice.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include <shoal/error.hpp>

#include "core/lowered_problem.hpp"
#include "cuda/device.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/device_tasks.hpp"

namespace shoal {

CudaOptions with_wished_plan(CudaOptions options) {
  const char* const wish = std::getenv("SHOAL_CUDA_PLAN");
  if (!wish || !*wish) return options;
  const std::string_view text(wish);
  if (text == "layers") {
    options.layer_by_layer = true;
    return options;
  }
  const char *const begin = text.data(), *const end = begin + text.size();
  const auto threads = std::from_chars(begin, end, options.threads);
  const bool crossed = threads.ec == std::errc() && threads.ptr != end && *threads.ptr == 'x';
  const auto rows =
      crossed ? std::from_chars(threads.ptr + 1, end, options.rows) : std::from_chars_result{begin, {}};
  if (!crossed || rows.ec != std::errc() || rows.ptr != end || options.threads < 1 || options.rows < 1)
    throw InvalidArgument("SHOAL_CUDA_PLAN takes THREADSxROWS, like 64x16, or layers, not \"" +
                          std::string(text) + "\"");
  return options;
}

cuda::PlanWish wish_of(const CudaOptions& options) {
  return {.threads = options.threads, .rows = options.rows, .layers = options.layer_by_layer};
}

std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability) {
  return cuda_plans(problem, tasks, capability, {});
}

std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability,
                                 const CudaOptions& options) {
  if (capability == 0) {
    const cuda::DeviceInfo device = cuda::device_info(cuda::chosen_device());
    capability = 10 * device.major + device.minor;
  }
  const LoweredProblem lowered(problem, tasks.columns());
  const cuda::DeviceLayout layout(lowered.network());
  const bool padded = lowered.inner().rates == LearnedRate::parameter;
  const cuda::PlanRequest request{
      .network = layout.network(),
      .loss = lowered.loss().kind,
      .inner = lowered.inner(),
      .kernel = kernels::TaskKernel::meta_gradient,
      .rate_count = static_cast<int>(padded ? layout.size() : problem.rates.size()),
      .support_rows = cuda::most_rows(tasks.support()),
      .query_rows = cuda::most_rows(tasks.query())};
  const cuda::Architecture& architecture = cuda::architecture_of(capability / 10, capability % 10);
  std::vector<CudaPlan> plans;
  for (const cuda::LaunchPlan& plan : cuda::admissible_plans(request, architecture))
    plans.push_back({plan.threads, plan.memory.rows, plan.cycles, plan.describe()});
  plans.push_back({.text = cuda::make_plan(request, architecture, {.layers = true}).describe()});
  const std::string chosen = cuda::make_plan(request, architecture, wish_of(options)).describe();
  std::stable_partition(plans.begin(), plans.end(),
                        [&](const CudaPlan& plan) { return plan.text == chosen; });
  return plans;
}

}  // namespace shoal
