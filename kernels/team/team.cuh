// SPDX-License-Identifier: Apache-2.0
// Team: the threads that work on one task. A team is a warp, whose barrier costs next to nothing and of which
// a block may hold several, or it is a whole block.
#pragma once

#include "kernels/device/device.cuh"
#include "kernels/team/task_arguments.hpp"

namespace shoal::kernels {

struct Team {
  int rank, size;  ///< of this thread in its team, and of the team (a power of two)
  int log2_size;
  int index, count;  ///< of this team in the grid, and number of teams

  /// The team of this thread; teams have `threads` threads: a warp, or the whole block.
  static __device__ __forceinline__ Team mine(int threads) {
    const int thread = static_cast<int>(threadIdx.x), block = static_cast<int>(blockIdx.x);
    const int teams = static_cast<int>(blockDim.x) / threads, grid = static_cast<int>(gridDim.x);
    const int team = thread / threads;
    const int log2_size = 5 + (threads > 32) + (threads > 64) + (threads > 128);
    return {thread - team * threads, threads, log2_size, block * teams + team, grid * teams};
  }
  /// Index of this team in its block.
  __device__ __forceinline__ int index_in_block() const { return static_cast<int>(threadIdx.x) / size; }
  /// A barrier of the team: what any thread wrote before it, every thread sees after it.
  __device__ __forceinline__ void sync() const {
    if (size == warp_threads)
      __syncwarp();
    else
      __syncthreads();
  }
  /// Whether `flag` holds in any thread; a barrier too.
  __device__ __forceinline__ bool any(bool flag) const {
    if (size == warp_threads) {
      __syncwarp();  // a vote alone does not order memory
      return __any_sync(0xffffffffu, flag) != 0;
    }
    return __syncthreads_or(flag) != 0;
  }
};

}  // namespace shoal::kernels
