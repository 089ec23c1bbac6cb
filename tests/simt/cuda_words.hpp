// SPDX-License-Identifier: Apache-2.0
// What CUDA's words mean when a kernel runs on the host: every CUDA thread of a block is a fibre, a barrier
// gives the processor to the next one (tests/simt/simt.cpp). Included by kernels/device.cuh under SHOAL_SIMT.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

namespace simt {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};
/// The fibre that runs on this OS thread.
struct Position {
  Index thread, block, block_size, grid_size;
};
extern thread_local Position position;

/// Runs `kernel` for every thread of every block; returns when all are done. A fault is kept for
/// last_fault().
void launch(unsigned grid, unsigned block, std::size_t shared_bytes, const std::function<void()>& kernel);
void* shared_memory();
/// Waits for all threads of the block; returns whether any gave a flag.
bool barrier(bool flag);

}  // namespace simt

#define threadIdx (::simt::position.thread)
#define blockIdx (::simt::position.block)
#define blockDim (::simt::position.block_size)
#define gridDim (::simt::position.grid_size)

inline void __syncthreads() {
  ::simt::barrier(false);
}
inline int __syncthreads_or(int flag) {
  return ::simt::barrier(flag != 0);
}

struct alignas(16) float4 {
  float x, y, z, w;
};
using cudaStream_t = void*;

inline int atomicOr(int* address, int bits) {
  return __atomic_fetch_or(address, bits, __ATOMIC_RELAXED);
}

inline double __dadd_rn(double a, double b) {
  return a + b;
}
inline double __dsub_rn(double a, double b) {
  return a - b;
}
inline long long __double_as_longlong(double a) {
  long long bits;
  std::memcpy(&bits, &a, sizeof bits);
  return bits;
}
