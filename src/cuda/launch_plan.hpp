// SPDX-License-Identifier: Apache-2.0
// LaunchPlan: how many threads work on a task, how many rows go through the network together, and what lies
// where. Chosen by sizes alone; never changes a bit.
#pragma once

#include <string>

#include "cuda/device.hpp"
#include "kernels/task_kernels.hpp"

namespace shoal::cuda {

/// Where a team's matrices lie.
enum class Regime {
  warp,    ///< 32 threads per task, fast memory is shared memory
  block,   ///< a larger block per task, fast memory is shared memory
  layers,  ///< a launch per operation of a layer, for many tasks at once: models beyond shared memory
};

struct LaunchPlan {
  Regime regime = Regime::warp;
  int threads = 32;
  kernels::TeamMemory memory;
  kernels::TeamWorkspace workspace;

  std::int64_t shared_bytes() const {
    return regime == Regime::layers ? 0 : memory.floats * static_cast<std::int64_t>(sizeof(float));
  }
  std::string describe() const;
};

/// `network` in the device layout; `rows`: of the largest task; `shared_limit`: bytes a block may have.
LaunchPlan make_plan(const kernels::Network& network, const kernels::InnerOptions& inner,
                     kernels::TaskKernel kernel, int rate_count, int rows, std::int64_t shared_limit);

}  // namespace shoal::cuda
