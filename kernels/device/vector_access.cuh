// SPDX-License-Identifier: Apache-2.0
// Loads and stores of four floats: aligned 16-byte accesses, one instruction each.
//
// Shared memory needs a store of its own. nvcc 13 splits a plain assignment of a float4 to shared memory into
// four stores of a float. Where ptxas does not merge them again, neighbouring lanes, which are 16 bytes
// apart, use only a quarter of the banks: four times the wavefronts. Global stores and all loads are not
// split.
#pragma once

#include "kernels/device/device.cuh"

namespace shoal::kernels {

__device__ __forceinline__ void load4(const float* from, float* to) {
  const float4 v = *reinterpret_cast<const float4*>(from);
  to[0] = v.x;
  to[1] = v.y;
  to[2] = v.z;
  to[3] = v.w;
}
/// Two floats, aligned to 8 bytes, from and to any memory.
__device__ __forceinline__ void load2(const float* from, float* to) {
  const float2 v = *reinterpret_cast<const float2*>(from);
  to[0] = v.x;
  to[1] = v.y;
}
__device__ __forceinline__ void store2(float* to, const float* from) {
  float2 v;
  v.x = from[0];
  v.y = from[1];
  *reinterpret_cast<float2*>(to) = v;
}
/// To global memory.
__device__ __forceinline__ void store_global4(float* to, const float* from) {
  float4 v;
  v.x = from[0];
  v.y = from[1];
  v.z = from[2];
  v.w = from[3];
  *reinterpret_cast<float4*>(to) = v;
}
/// To shared memory.
__device__ __forceinline__ void store_shared4(float* to, const float* from) {
#if defined(__CUDA_ARCH__)
  asm volatile(
      "st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
      "f"(from[0]), "f"(from[1]), "f"(from[2]), "f"(from[3])
      : "memory");
#else
  store_global4(to, from);
#endif
}

}  // namespace shoal::kernels
