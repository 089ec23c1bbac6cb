// SPDX-License-Identifier: Apache-2.0
// One float into the six signed digits of an exact sum (src/core/exact_sum.hpp, which is the oracle):
// integers, so neither the order of tasks nor their distribution over blocks can change a bit (contract N3).
#pragma once

#include <cstdint>

#include "kernels/device.cuh"

namespace shoal::kernels {

inline constexpr int exact_digits = 6;
/// Values that digits may take between two calls of carry_digits().
inline constexpr int exact_capacity = 2048;

/// digits[d * stride] += digit d of `value`; |value| <= 2^60.
__device__ __forceinline__ void add_exactly(float value, long long* digits, std::int64_t stride) {
  // 1.5 * 2^52 units: adding it rounds to whole units, which are then the low bits.
  const double magic[exact_digits] = {0.0, 0x1.8p+61, 0x1.8p+9, 0x1.8p-43, 0x1.8p-95, 0x1.8p-147};
  double rest = static_cast<double>(value);
#pragma unroll
  for (int d = 1; d < exact_digits; ++d) {
    // Below half a unit of 2^9 the first digit is zero; nothing is left below the last that holds anything.
    if (d == 1 ? fabsf(value) < 0x1p+8f : rest == 0.0) continue;
    const double shifted = __dadd_rn(rest, magic[d]);
    digits[d * stride] += __double_as_longlong(shifted) - __double_as_longlong(magic[d]);
    rest = __dsub_rn(rest, __dsub_rn(shifted, magic[d]));
  }
}

/// Leaves every digit but the first at most 2^51 in magnitude.
__device__ __forceinline__ void carry_digits(long long* digits, std::int64_t stride) {
#pragma unroll
  for (int d = exact_digits - 1; d > 0; --d) {
    const long long carry = (digits[d * stride] + (1LL << 51)) >> 52;
    digits[d * stride] -= carry * (1LL << 52);
    digits[(d - 1) * stride] += carry;
  }
}

}  // namespace shoal::kernels
