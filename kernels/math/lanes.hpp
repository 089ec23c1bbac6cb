// SPDX-License-Identifier: Apache-2.0
// The lane operations that the shared maths is written in, for a single lane: a float. The vector types of
// src/cpu supply the same operations in their own namespaces, found by argument-dependent lookup, so that one
// source gives the same bits on a CUDA thread, a scalar and every lane of a vector. This header uses nothing
// of the standard library but <cstdint> (src/cpu/group_job.hpp says why).
#pragma once

#include <cstdint>

#include "kernels/math/nvrtc_builtins.hpp"

#if defined(__CUDACC__)
#define SHOAL_HD __host__ __device__ __forceinline__
#else
#include "kernels/math/emulated_fma.hpp"
#define SHOAL_HD inline __attribute__((always_inline))
#endif

namespace shoal::kernels {

/// For a value type: the type of its integer lanes, of comparison results, and the number of lanes.
template <class V>
struct LaneTraits;

template <>
struct LaneTraits<float> {
  using Int = std::int32_t;
  using Mask = bool;
  static constexpr int width = 1;
};

SHOAL_HD float fma(float a, float b, float c) {
#if defined(__CUDACC__) || SHOAL_FMA_IS_AN_INSTRUCTION
  return __builtin_fmaf(a, b, c);
#else
  return emulated_fma(a, b, c);
#endif
}
SHOAL_HD float sqrt(float a) {
  return __builtin_sqrtf(a);
}
SHOAL_HD float abs(float a) {
  return __builtin_fabsf(a);
}
SHOAL_HD float select(bool m, float yes, float no) {
  return m ? yes : no;
}
SHOAL_HD std::int32_t select(bool m, std::int32_t yes, std::int32_t no) {
  return m ? yes : no;
}
SHOAL_HD bool and_(bool a, bool b) {
  return a && b;
}
SHOAL_HD bool or_(bool a, bool b) {
  return a || b;
}
SHOAL_HD bool not_(bool a) {
  return !a;
}

SHOAL_HD std::int32_t bits(float a) {
#if defined(__CUDA_ARCH__)
  return __float_as_int(a);
#else
  return __builtin_bit_cast(std::int32_t, a);
#endif
}
SHOAL_HD float from_bits(std::int32_t a) {
#if defined(__CUDA_ARCH__)
  return __int_as_float(a);
#else
  return __builtin_bit_cast(float, a);
#endif
}

template <int n>
SHOAL_HD std::int32_t shift_left(std::int32_t a) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << n);
}
/// Arithmetic shift: the sign bit fills the upper bits.
template <int n>
SHOAL_HD std::int32_t shift_right(std::int32_t a) {
  return a >> n;
}

/// power / y, rounded, for a power of two and 1 <= y < 2^100; of NaN, some value. Lane types may know a
/// shorter way than a division.
template <class V>
SHOAL_HD V power_over(V power, V y) {
  return power / y;
}

/// Rounds to the nearest integral value, ties to even; |a| < 2^22. Adding 1.5 * 2^23 rounds the fraction
/// away; the result of zero is +0.
template <class V>
SHOAL_HD V round_nearest(V a) {
  return (a + V(0x1.8p23f)) - V(0x1.8p23f);
}

/// Converts an integral value below 2^22 in magnitude. Any other value gives some integer, the same
/// everywhere: the low bits of a + 1.5 * 2^23.
template <class V>
SHOAL_HD typename LaneTraits<V>::Int to_int(V a) {
  using I = typename LaneTraits<V>::Int;
  return bits(a + V(0x1.8p23f)) - I(0x4b400000);
}
SHOAL_HD float to_float(std::int32_t a) {
  return static_cast<float>(a);
}

}  // namespace shoal::kernels
