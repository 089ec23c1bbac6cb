// SPDX-License-Identifier: Apache-2.0
// The view of plans that users get: the list of plans, and the override.
#pragma once

#include <vector>

#include <shoal/cuda_plan.hpp>

#include "core/backend.hpp"
#include "cuda/cuda_options.hpp"
#include "cuda/plan/launch_plan.hpp"

namespace shoal {

/// The parts of a plan that `options` prescribe.
cuda::PlanOverride plan_override_of(const CudaOptions& options);

/// Every plan of meta_gradient(), layer by layer included, on a device of compute capability major.minor =
/// capability / 10. The first one is the plan that the backend takes. Needs no device.
std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability);
/// The same for a backend made with `options`, whose plan override decides which plan comes first.
std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability,
                                 const CudaOptions& options);

}  // namespace shoal
