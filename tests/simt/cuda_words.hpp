// SPDX-License-Identifier: Apache-2.0
// Defines CUDA's keywords and functions for kernels that run on the host: every CUDA thread of a block is a
// fibre, and a barrier switches to the next one (tests/simt/simt.cpp). kernels/device/device.cuh includes
// this under SHOAL_SIMT.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#include "simt/late_copies.hpp"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__

namespace simt {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};
/// The fibre that runs on this OS thread.
struct Position {
  Index thread, block, block_size, grid_size;
};
extern thread_local Position position;

/// Submits a kernel to the stream; it runs for every thread of every block.
void launch(void* stream, unsigned grid, unsigned block, std::size_t shared_bytes,
            const std::function<void()>& kernel);
/// Runs a kernel now; returns when all threads are done. A fault is stored for take_fault().
void run_blocks(unsigned grid, unsigned block, std::size_t shared_bytes, const std::function<void()>& kernel);
void* shared_memory();
inline constexpr unsigned warp_size = 32;
enum class Scope { block, warp };
/// What a thread waits for; all threads of a group must wait for the same.
enum class Wait { barrier, barrier_with_flag, vote };
/// Waits for all threads of the block or warp; returns whether any of them passed a flag. A vote does not
/// order memory.
bool wait(Wait kind, Scope scope, bool flag = false);
/// fence() and order_by_atomic() order memory: what a thread did before a fence and then an atomic is visible
/// to a thread after the same atomic and then a fence.
void fence();
void order_by_atomic(void* at);
/// Asynchronous copies of this thread.
LateCopies& copies();
/// Stores a fault, if it is the first.
void report(const char* fault);
inline void finish_copies(unsigned pending) {
  if (!copies().finish(pending))
    report("the source of an asynchronous copy has changed before it was waited for");
}

}  // namespace simt

#define threadIdx (::simt::position.thread)
#define blockIdx (::simt::position.block)
#define blockDim (::simt::position.block_size)
#define gridDim (::simt::position.grid_size)

inline void __syncthreads() {
  ::simt::wait(::simt::Wait::barrier, ::simt::Scope::block);
}
inline int __syncthreads_or(int flag) {
  return ::simt::wait(::simt::Wait::barrier_with_flag, ::simt::Scope::block, flag != 0);
}
// For whole warps only; kernels use no other masks.
inline void __syncwarp() {
  ::simt::wait(::simt::Wait::barrier, ::simt::Scope::warp);
}
inline int __any_sync(unsigned, int flag) {
  return ::simt::wait(::simt::Wait::vote, ::simt::Scope::warp, flag != 0);
}

inline unsigned long long atomicAdd(unsigned long long* to, unsigned long long value) {
  return __atomic_fetch_add(to, value, __ATOMIC_RELAXED);
}
inline unsigned long long atomicMax(unsigned long long* to, unsigned long long value) {
  unsigned long long before = __atomic_load_n(to, __ATOMIC_RELAXED);
  while (before < value &&
         !__atomic_compare_exchange_n(to, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return before;
}
inline void __threadfence() {
  ::simt::fence();
}
/// Counts up to `last`, then starts again at 0; returns the old value. Like all CUDA atomics it orders
/// nothing else.
inline unsigned atomicInc(unsigned* counter, unsigned last) {
  ::simt::order_by_atomic(counter);
  const unsigned before = __atomic_load_n(counter, __ATOMIC_RELAXED);
  __atomic_store_n(counter, before >= last ? 0u : before + 1, __ATOMIC_RELAXED);
  return before;
}

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct CUstream_st;
using cudaStream_t = CUstream_st*;

inline int atomicOr(int* address, int bits) {
  return __atomic_fetch_or(address, bits, __ATOMIC_RELAXED);
}

inline int atomicMin(int* to, int value) {
  int before = __atomic_load_n(to, __ATOMIC_RELAXED);
  while (value < before &&
         !__atomic_compare_exchange_n(to, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return before;
}
inline long long __float2ll_rn(float a) {
  return std::llrintf(a);
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
