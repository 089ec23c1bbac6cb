// SPDX-License-Identifier: Apache-2.0
// What a user may see of plans, and wish.
#pragma once

#include <vector>

#include <shoal/cuda_plan.hpp>

#include "core/backend.hpp"
#include "cuda/cuda_options.hpp"
#include "cuda/plan/launch_plan.hpp"

namespace shoal {

/// The part of plans that `options` decide.
cuda::PlanOverride plan_override_of(const CudaOptions& options);

/// Every plan of meta_gradient() on a device of compute capability major.minor = capability / 10: the one it
/// takes first, layer by layer among them. Needs no device.
std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability);
/// The same of a backend made with `options`, whose wishes decide which comes first.
std::vector<CudaPlan> cuda_plans(const Problem& problem, const TaskBatch& tasks, int capability,
                                 const CudaOptions& options);

}  // namespace shoal
