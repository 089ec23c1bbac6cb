// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/plan_choice.hpp"

#include <algorithm>
#include <string>

#include <shoal/error.hpp>

#include "core/lowered_problem.hpp"
#include "cuda/compiled/nvrtc.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/device_tasks.hpp"
#include "cuda/fixed/shape_choice.hpp"
#include "kernels/fixed/bench_instances.hpp"

namespace shoal {
namespace {

/// Why kernels cannot be compiled at run time on this machine; "" if they can.
std::string no_compiler() {
  try {
    cuda::open_nvrtc();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

bool is_compiled_ahead(const kernels::FixedShape& shape) {
  const auto all = kernels::bench_instances();
  return std::any_of(all.begin(), all.end(),
                     [&](const kernels::FixedInstance& one) { return one.shape == shape; });
}

CudaPlan plan_of(const cuda::FixedChoice& choice, const cuda::Architecture& architecture, bool ahead) {
  const kernels::FixedShape& shape = *choice.shape;
  const kernels::FixedPlan plan = kernels::fixed_plan(shape);
  return {.made_for_shape = true,
          .threads = shape.lanes,
          .rows = shape.rows,
          .cycles = choice.cycles,
          .text = "kernel made for " + cuda::describe(shape) + " per task, " +
                  std::to_string(cuda::resident_tasks(shape, plan, architecture)) +
                  " tasks per multiprocessor, " +
                  std::to_string(static_cast<std::size_t>(plan.shared_floats) * sizeof(float)) +
                  " bytes of shared memory each, compiled " + (ahead ? "ahead of time" : "at run time")};
}

std::int64_t fewest_rows(const TaskSet<float>& set) {
  std::int64_t fewest = set.row_starts.size() < 2 ? 0 : set.row_starts[1];
  for (std::size_t t = 0; t + 1 < set.row_starts.size(); ++t)
    fewest = std::min(fewest, set.row_starts[t + 1] - set.row_starts[t]);
  return fewest;
}

}  // namespace

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
    plans.push_back(
        {.threads = plan.threads, .rows = plan.memory.rows, .cycles = plan.cycles, .text = plan.describe()});
  plans.push_back({.text = cuda::make_plan(request, architecture, {.layers = true}).describe()});
  const std::string chosen = cuda::make_plan(request, architecture, plan_override_of(options)).describe();
  std::stable_partition(plans.begin(), plans.end(),
                        [&](const CudaPlan& plan) { return plan.text == chosen; });
  if (options.fixed == FixedKernels::none || options.threads > 0 || options.rows > 0 ||
      options.layer_by_layer)
    return plans;
  const cuda::FixedChoice choice = cuda::choose_fixed_shape(
      {.plan = request,
       .quantiles = lowered.loss().quantile_count,
       .least_rows = static_cast<int>(std::min(fewest_rows(tasks.support()), fewest_rows(tasks.query()))),
       .offset = tasks.columns().offsets > 0,
       .lanes = options.fixed_lanes},
      architecture);
  if (!choice.shape) {
    plans.front().text += "; no kernel is made for this shape: " + choice.reason;
    return plans;
  }
  const bool ahead = is_compiled_ahead(*choice.shape);
  const std::string missing = ahead ? "" : no_compiler();
  if (missing.empty())
    plans.insert(plans.begin(), plan_of(choice, architecture, ahead));
  else
    plans.front().text += "; no kernel is compiled for this shape: " + missing;
  return plans;
}

}  // namespace shoal
