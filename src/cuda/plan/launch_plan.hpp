// SPDX-License-Identifier: Apache-2.0
// LaunchPlan: how many threads work on a task, how many rows go through the network together, and the layout
// of memory. Plans depend on sizes only and never change a bit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cuda/plan/architecture.hpp"
#include "kernels/team/task_kernels.hpp"

namespace shoal::cuda {

/// How a model is laid over the GPU.
enum class Regime {
  warp,    ///< 32 threads per task
  block,   ///< a larger block per task
  layers,  ///< one launch per operation of a layer, for many tasks: models beyond shared memory
};

std::string_view name_of(Regime regime);

/// What a plan depends on.
struct PlanRequest {
  const kernels::Network& network;  ///< in the device layout
  LossKind loss;
  const kernels::InnerOptions& inner;
  kernels::TaskKernel kernel;
  int rate_count = 0;
  int support_rows = 0, query_rows = 0;  ///< of the largest task
};

/// Parts of a plan that the caller prescribes; 0 = the planner chooses.
struct PlanOverride {
  int threads = 0;  ///< of a team: 32, 64, 128 or 256
  int rows = 0;     ///< of a block of rows
  bool layers = false;
};

struct LaunchPlan {
  Regime regime = Regime::warp;
  int threads = 32;  ///< of a team
  int teams = 1;     ///< in a block
  int blocks_per_multiprocessor = 1;
  kernels::TeamMemory memory;
  kernels::TeamWorkspace workspace;
  double cycles = 0.0;  ///< cycles per task by the model, to compare plans

  int block_threads() const { return threads * teams; }
  std::int64_t shared_bytes() const {
    return regime == Regime::layers ? 0 : teams * memory.floats * static_cast<std::int64_t>(sizeof(float));
  }
  std::string describe() const;
};

/// The fastest plan by the model among those that fit and match the override; layer by layer if there is
/// none.
LaunchPlan make_plan(const PlanRequest& request, const Architecture& architecture,
                     const PlanOverride& plan_override = {});
/// Every plan that fits shared memory, fastest first.
std::vector<LaunchPlan> admissible_plans(const PlanRequest& request, const Architecture& architecture);

}  // namespace shoal::cuda
