// SPDX-License-Identifier: Apache-2.0
// Addresses in shared memory that the compiler computes once and then only steps.
#pragma once

#include <cstdint>

#include "kernels/device/device.cuh"

namespace shoal::kernels {

/// The same pointer to shared memory, of whose origin the compiler knows nothing but the address space. Else
/// it computes a pointer of a loop again in every round, from all indices that it was made of.
template <class T>
__device__ __forceinline__ T* opaque_shared(T* pointer) {
#if defined(__CUDA_ARCH__)
  auto address = static_cast<unsigned>(__cvta_generic_to_shared(pointer));
  asm volatile("" : "+r"(address));
  return static_cast<T*>(__cvta_shared_to_generic(address));
#else
  return pointer;
#endif
}

/// The pointer whose address differs from `pointer`'s by the bits of `flips`: a swizzled place, where the
/// address of the row is a multiple of the power of two above `flips`.
__device__ __forceinline__ const float* flip_address(const float* pointer, unsigned flips) {
#if defined(__CUDA_ARCH__)
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(pointer));
  return static_cast<const float*>(__cvta_shared_to_generic(address ^ flips));
#else
  return reinterpret_cast<const float*>(reinterpret_cast<std::uintptr_t>(pointer) ^ flips);
#endif
}

}  // namespace shoal::kernels
