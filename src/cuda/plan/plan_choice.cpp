// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/plan_choice.hpp"

#include <algorithm>

#include "core/lowered_problem.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/device_tasks.hpp"

namespace shoal {

cuda::PlanOverride plan_override_of(const CudaOptions& options) {
  return {.threads = options.threads, .rows = options.rows, .layers = options.layer_by_layer};
}

std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability) {
  return cuda_plans(problem, tasks, capability, {});
}

std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability,
                                 const CudaOptions& options) {
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
  const std::string chosen = cuda::make_plan(request, architecture, plan_override_of(options)).describe();
  std::stable_partition(plans.begin(), plans.end(),
                        [&](const CudaPlan& plan) { return plan.text == chosen; });
  return plans;
}

}  // namespace shoal
