// SPDX-License-Identifier: Apache-2.0
// LayeredSide: the support or query rows of a chunk of tasks, and their numbers, which launches need.
#pragma once

#include "cuda/layered/call.hpp"
#include "kernels/layered/arguments.hpp"

namespace shoal::cuda {

/// Tasks `begin` .. `end` - 1 of the batch.
struct LayeredSpan {
  int begin = 0, end = 0;
};

/// One side of a chunk.
struct LayeredSide {
  kernels::LayerRows rows;
  std::int64_t total_rows = 0;
  int largest_task_rows = 0;  ///< of the largest task
  int equal_rows = 0;         ///< of every task, or 0 if tasks differ
};

/// The side of the tasks in `span`; empty if the call has no such side.
LayeredSide side_of(const LayeredRows& all, const kernels::Network& net, LayeredSpan span);

}  // namespace shoal::cuda
