// SPDX-License-Identifier: Apache-2.0
// One float into the six signed digits of an exact sum (src/core/exact_sum.hpp, which is the oracle):
// integers, so neither the order of tasks nor their distribution over blocks can change a bit (contract N3).
#pragma once

#include <cstdint>

#include "kernels/device.cuh"
#include "kernels/exact_sum.hpp"

namespace shoal::kernels {

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

}  // namespace shoal::kernels
