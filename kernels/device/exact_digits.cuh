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

}  // namespace shoal::kernels
