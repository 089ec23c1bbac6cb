// SPDX-License-Identifier: Apache-2.0
// Team: the threads that work on one task, which are one block. With 32 threads it is a warp and its barrier
// costs next to nothing; larger teams use the block's.
#pragma once

#include "kernels/device.cuh"

namespace shoal::kernels {

struct Team {
  int rank, size;

  static __device__ __forceinline__ Team mine() {
    return {static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x)};
  }
  /// What any thread of the team wrote before, every thread sees after.
  __device__ __forceinline__ void sync() const { __syncthreads(); }
  /// Whether `flag` holds in any thread; a barrier too.
  __device__ __forceinline__ bool any(bool flag) const { return __syncthreads_or(flag) != 0; }
};

}  // namespace shoal::kernels
