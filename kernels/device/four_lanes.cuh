// SPDX-License-Identifier: Apache-2.0
// FourLanes: a lane type of the shared maths (kernels/math/lanes.hpp) that holds four elements of one thread.
// Every operation is done for all four before the next one, so that four chains of dependent operations stand
// side by side and none waits for itself. Each element takes the operations of a float: the same bits.
#pragma once

#include "kernels/device/device.cuh"
#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

struct FourMasks {
  bool m[4];
};
struct FourInts {
  std::int32_t v[4];
  FourInts() = default;
  explicit __device__ __forceinline__ FourInts(std::int32_t value) : v{value, value, value, value} {}
};
struct FourLanes {
  float v[4];
  FourLanes() = default;
  explicit __device__ __forceinline__ FourLanes(float value) : v{value, value, value, value} {}
};

template <>
struct LaneTraits<FourLanes> {
  using Int = FourInts;
  using Mask = FourMasks;
  static constexpr int width = 4;
};

/// Keeps the compiler from moving the elements apart again.
__device__ __forceinline__ void keep_together(FourLanes& a) {
#if defined(__CUDA_ARCH__)
  asm volatile("" : "+f"(a.v[0]), "+f"(a.v[1]), "+f"(a.v[2]), "+f"(a.v[3]));
#else
  static_cast<void>(a);
#endif
}

template <class To, class Use>
__device__ __forceinline__ To each_of_four(Use use) {
  To to;
#pragma unroll
  for (int i = 0; i < 4; ++i) to.v[i] = use(i);
  if constexpr (sizeof(To) == sizeof(FourLanes) && requires { LaneTraits<To>::width; }) keep_together(to);
  return to;
}
template <class Use>
__device__ __forceinline__ FourMasks compare_four(Use use) {
  FourMasks to;
#pragma unroll
  for (int i = 0; i < 4; ++i) to.m[i] = use(i);
  return to;
}

#define SHOAL_FOUR(type, result, op)                                      \
  __device__ __forceinline__ result operator op(type a, type b) {         \
    return each_of_four<result>([&](int i) { return a.v[i] op b.v[i]; }); \
  }
#define SHOAL_FOUR_COMPARED(op)                                                \
  __device__ __forceinline__ FourMasks operator op(FourLanes a, FourLanes b) { \
    return compare_four([&](int i) { return a.v[i] op b.v[i]; });              \
  }
SHOAL_FOUR(FourLanes, FourLanes, +)
SHOAL_FOUR(FourLanes, FourLanes, -)
SHOAL_FOUR(FourLanes, FourLanes, *)
SHOAL_FOUR(FourLanes, FourLanes, /)
SHOAL_FOUR(FourInts, FourInts, +)
SHOAL_FOUR(FourInts, FourInts, -)
SHOAL_FOUR(FourInts, FourInts, &)
SHOAL_FOUR(FourInts, FourInts, |)
SHOAL_FOUR(FourInts, FourInts, ^)
SHOAL_FOUR_COMPARED(<)
SHOAL_FOUR_COMPARED(<=)
SHOAL_FOUR_COMPARED(>)
SHOAL_FOUR_COMPARED(>=)
SHOAL_FOUR_COMPARED(==)
#undef SHOAL_FOUR
#undef SHOAL_FOUR_COMPARED

__device__ __forceinline__ FourLanes operator-(FourLanes a) {
  return each_of_four<FourLanes>([&](int i) { return -a.v[i]; });
}
__device__ __forceinline__ FourLanes fma(FourLanes a, FourLanes b, FourLanes c) {
  return each_of_four<FourLanes>([&](int i) { return fma(a.v[i], b.v[i], c.v[i]); });
}
__device__ __forceinline__ FourLanes sqrt(FourLanes a) {
  return each_of_four<FourLanes>([&](int i) { return sqrt(a.v[i]); });
}
__device__ __forceinline__ FourLanes abs(FourLanes a) {
  return each_of_four<FourLanes>([&](int i) { return abs(a.v[i]); });
}
__device__ __forceinline__ FourLanes select(FourMasks m, FourLanes yes, FourLanes no) {
  return each_of_four<FourLanes>([&](int i) { return m.m[i] ? yes.v[i] : no.v[i]; });
}
__device__ __forceinline__ FourInts select(FourMasks m, FourInts yes, FourInts no) {
  return each_of_four<FourInts>([&](int i) { return m.m[i] ? yes.v[i] : no.v[i]; });
}
__device__ __forceinline__ FourMasks and_(FourMasks a, FourMasks b) {
  return compare_four([&](int i) { return a.m[i] && b.m[i]; });
}
__device__ __forceinline__ FourMasks or_(FourMasks a, FourMasks b) {
  return compare_four([&](int i) { return a.m[i] || b.m[i]; });
}
__device__ __forceinline__ FourMasks not_(FourMasks a) {
  return compare_four([&](int i) { return !a.m[i]; });
}
__device__ __forceinline__ FourInts bits(FourLanes a) {
  return each_of_four<FourInts>([&](int i) { return bits(a.v[i]); });
}
__device__ __forceinline__ FourLanes from_bits(FourInts a) {
  return each_of_four<FourLanes>([&](int i) { return from_bits(a.v[i]); });
}
__device__ __forceinline__ FourLanes to_float(FourInts a) {
  return each_of_four<FourLanes>([&](int i) { return to_float(a.v[i]); });
}
template <int n>
__device__ __forceinline__ FourInts shift_left(FourInts a) {
  return each_of_four<FourInts>([&](int i) { return shift_left<n>(a.v[i]); });
}
template <int n>
__device__ __forceinline__ FourInts shift_right(FourInts a) {
  return each_of_four<FourInts>([&](int i) { return shift_right<n>(a.v[i]); });
}

/// 1 / y, rounded, from a seed within 4 ulp of it, for 1 <= y < 2^100, without a branch. Two Newton steps
/// give the rounded quotient for every mantissa but one, whose quotient is known
/// (tests/cuda/reciprocal_test.cpp).
__device__ __forceinline__ FourLanes reciprocal_from(FourLanes seed, FourLanes y) {
  FourLanes r = seed;
#pragma unroll
  for (int step = 0; step < 2; ++step) r = fma(r, fma(-y, r, FourLanes(1.0f)), r);
  return each_of_four<FourLanes>([&](int i) {
    const std::int32_t image = bits(y.v[i]);
    return (image & 0x7fffff) == 0x7fffff ? from_bits(0x7f000000 - image) : r.v[i];
  });
}
/// The hardware's seed is within 1 ulp; whatever it is, the result is the same.
__device__ __forceinline__ float reciprocal_seed(float y) {
#if defined(__CUDA_ARCH__)
  float seed;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(seed) : "f"(y));
  return seed;
#else
  return 1.0f / y;
#endif
}
__device__ __forceinline__ FourLanes power_over(FourLanes power, FourLanes y) {
  return power * reciprocal_from(each_of_four<FourLanes>([&](int i) { return reciprocal_seed(y.v[i]); }), y);
}

}  // namespace shoal::kernels
