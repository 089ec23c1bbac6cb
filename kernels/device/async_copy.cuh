// SPDX-License-Identifier: Apache-2.0
// Asynchronous copies from global to shared memory (cp.async). A thread starts copies and goes on; it sees
// their data after it has waited, other threads after the barrier that follows.
#pragma once

#include "kernels/device/device.cuh"

namespace shoal::kernels {

/// Copies 4, 8 or 16 bytes, aligned to their size.
template <int bytes>
__device__ __forceinline__ void copy_async([[maybe_unused]] float* to, [[maybe_unused]] const float* from) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
#if defined(__CUDA_ARCH__)
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(to));
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(from) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(at), "l"(from), "n"(bytes) : "memory");
#elif defined(SHOAL_SIMT)
  ::simt::copies().start(to, from, bytes);
#endif
}
/// Ends a group of copies of this thread.
__device__ __forceinline__ void end_async_group() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.commit_group;" ::: "memory");
#elif defined(SHOAL_SIMT)
  ::simt::copies().end_group();
#endif
}
/// Waits for all groups of this thread but the last `pending`; for 0, for all its copies, in groups or not.
template <int pending>
__device__ __forceinline__ void wait_for_async() {
#if defined(__CUDA_ARCH__)
  if constexpr (pending == 0)
    asm volatile("cp.async.wait_all;" ::: "memory");
  else
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#elif defined(SHOAL_SIMT)
  ::simt::finish_copies(pending);
#endif
}

}  // namespace shoal::kernels
