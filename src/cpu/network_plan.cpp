// SPDX-License-Identifier: Apache-2.0
#include "cpu/network_plan.hpp"

#include <algorithm>

namespace shoal::cpu {
namespace {

// Sizes are data, apart from the algorithm: what a thread may count on in its caches.
constexpr std::size_t block_bytes = 32 * 1024;       // activations of the widest layer of one block: L1
constexpr std::size_t tape_bytes = 6 * 1024 * 1024;  // tapes kept from the inner loop: beyond it, recompute
constexpr int tile_rows = 5;

}  // namespace

GroupJob NetworkPlan::job() const {
  GroupJob job;
  job.network = &problem_.network();
  job.loss = &problem_.loss();
  job.inner = &problem_.inner();
  return job;
}

void NetworkPlan::size_blocks(GroupJob& job, int width) const {
  const Network& net = problem_.network();
  const auto row_bytes =
      static_cast<std::size_t>(net.widest) * static_cast<std::size_t>(width) * sizeof(float);
  const int most = std::max(tile_rows, static_cast<int>(block_bytes / row_bytes) / tile_rows * tile_rows);
  const int rows = std::max({1, job.support.rows, job.query.rows});
  const int blocks = (rows + most - 1) / most;
  job.block_rows = (rows + blocks - 1) / blocks;
  const std::size_t per_row =
      4 * static_cast<std::size_t>(net.hidden_width) + 2 * static_cast<std::size_t>(net.outputs);
  const std::size_t tapes = per_row * static_cast<std::size_t>(width) * sizeof(float) *
                            static_cast<std::size_t>(job.support.rows) *
                            static_cast<std::size_t>(problem_.inner().steps);
  job.tape = tapes <= tape_bytes ? StoredTape::keep : StoredTape::recompute;
}

}  // namespace shoal::cpu
