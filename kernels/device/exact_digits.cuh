// SPDX-License-Identifier: Apache-2.0
// Splits a float into the six signed digits of an exact sum (src/core/exact_sum.hpp, which is the oracle).
// Digits are integers, so neither the order of tasks nor their distribution over teams can change a bit
// (contract N3).
//
// Teams add to a few sets of digits with integer atomics whose result they do not read, so that no thread
// waits for memory. A value of ordinary size (2^-20 .. 2^8) needs one atomic, and few sets must be cleared
// and summed afterwards. One set per team was tried first: for the 924 teams of the sine net that is 84 MB,
// more than the L2 of an H100; eight sets take 0.7 MB.
#pragma once

#include <cstdint>

#include "kernels/device/device.cuh"
#include "kernels/math/exact_sum.hpp"

namespace shoal::kernels {

/// Calls use(d, digit) for the digits of `value` that are not zero; |value| <= 2^60.
template <class Use>
__device__ __forceinline__ void for_exact_digits(float value, Use use) {
  // Each entry is 1.5 * 2^52 units of its digit: adding it rounds to whole units, which then stand in the low
  // bits.
  const double magic[exact_digits] = {0.0, 0x1.8p+61, 0x1.8p+9, 0x1.8p-43, 0x1.8p-95, 0x1.8p-147};
  double rest = static_cast<double>(value);
#pragma unroll
  for (int d = 1; d < exact_digits; ++d) {
    // The first digit is zero below half of its unit, 2^9; and once nothing is left, so are the remaining
    // ones.
    if (d == 1 ? fabsf(value) < 0x1p+8f : rest == 0.0) continue;
    const double shifted = __dadd_rn(rest, magic[d]);
    use(d, __double_as_longlong(shifted) - __double_as_longlong(magic[d]));
    rest = __dsub_rn(rest, __dsub_rn(shifted, magic[d]));
  }
}

/// digits[d * stride] += digit d of `value`, where no other thread writes to these digits.
__device__ __forceinline__ void add_exactly(float value, long long* digits, std::int64_t stride) {
  for_exact_digits(value, [&](int d, long long digit) { digits[d * stride] += digit; });
}
/// The same where other threads add to these digits too.
__device__ __forceinline__ void atomic_add_exactly(float value, long long* digits, std::int64_t stride) {
  for_exact_digits(value, [&](int d, long long digit) {
    atomicAdd(reinterpret_cast<unsigned long long*>(digits + d * stride),
              static_cast<unsigned long long>(digit));
  });
}

/// The same for values that are rare: one copy of the code.
__device__ __noinline__ inline void atomic_add_unusual(float value, long long* digits, std::int64_t stride) {
  atomic_add_exactly(value, digits, stride);
}

/// Whether a value is a whole number of units of 2^-43 that fits the third digit: 2^-20 <= |value| < 2^8, or
/// zero.
__device__ __forceinline__ bool is_ordinary(float value) {
  constexpr std::uint32_t least = 0x35800000, end = 0x43800000;  // the bit patterns of 2^-20 and 2^8
  return static_cast<std::uint32_t>(bits(fabsf(value))) - least < end - least || value == 0.0f;
}
inline constexpr int ordinary_digit = 2;  ///< the one whose unit is 2^-43

/// Adds n values to sums that lie `step` apart; `ordinary`: the ordinary digit of the first. Where all values
/// are ordinary, which one branch finds out, each takes one conversion and one atomic.
template <int step, int n>
__device__ __forceinline__ void atomic_add_group_exactly(const float (&values)[n], long long* ordinary,
                                                         std::int64_t stride) {
  bool all = true;
#pragma unroll
  for (int e = 0; e < n; ++e) all &= is_ordinary(values[e]);
  if (all) {
#pragma unroll
    for (int e = 0; e < n; ++e)
      atomicAdd(reinterpret_cast<unsigned long long*>(ordinary + step * e),
                static_cast<unsigned long long>(__float2ll_rn(values[e] * 0x1p+43f)));
    return;
  }
#pragma unroll 1
  for (int e = 0; e < n; ++e) {
    float value = 0.0f;
#pragma unroll
    for (int k = 0; k < n; ++k)
      if (k == e) value = values[k];
    atomic_add_unusual(value, ordinary + step * e - ordinary_digit * stride, stride);
  }
}

}  // namespace shoal::kernels
