// SPDX-License-Identifier: Apache-2.0
// Carries the digits of an exact sum and rounds them to a float, in one source for the host and for kernels.
// src/core/exact_sum.hpp explains the digits.
#pragma once

#include <cstdint>

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

inline constexpr int exact_digits = 6;
inline constexpr int exact_digit_bits = 52;  ///< the units of neighbouring digits differ by a factor of 2^52
/// How many values may be added to the digits between two calls of carry_digits().
inline constexpr int exact_capacity = 2048;

SHOAL_HD std::int64_t bits(double a) {
#if defined(__CUDA_ARCH__)
  return __double_as_longlong(a);
#else
  return __builtin_bit_cast(std::int64_t, a);
#endif
}
SHOAL_HD double from_bits(std::int64_t a) {
#if defined(__CUDA_ARCH__)
  return __longlong_as_double(a);
#else
  return __builtin_bit_cast(double, a);
#endif
}

/// Carries, so that every digit but the first is at most 2^51 in magnitude. Integer is a signed 64-bit type.
template <class Integer>
SHOAL_HD void carry_digits(Integer* digits, std::int64_t stride) {
  for (int d = exact_digits - 1; d > 0; --d) {
    const Integer carry = (digits[d * stride] + (Integer{1} << (exact_digit_bits - 1))) >> exact_digit_bits;
    digits[d * stride] -= carry * (Integer{1} << exact_digit_bits);
    digits[(d - 1) * stride] += carry;
  }
}

/// a + b rounded to odd: the last bit is set if anything was lost, so that rounding the result to float gives
/// the correctly rounded sum (Boldo and Melquiond 2008).
SHOAL_HD double add_to_odd(double a, double b) {
  const double sum = a + b;
  const double b_seen = sum - a;
  const double error = (a - (sum - b_seen)) + (b - b_seen);  // exact (two-sum)
  const std::int64_t image = bits(sum);
  if (error == 0.0 || (image & 1)) return sum;
  const bool away_from_zero = (error > 0.0) == (sum > 0.0);
  return from_bits(away_from_zero ? image + 1 : image - 1);
}

/// The sum, rounded to the nearest float, ties to even; overwrites `digits`. After the carry, every digit but
/// the first is within half a unit of the one above it: a double holds it, and the nested sums, rounded to
/// odd, have more bits than a float.
template <class Integer>
SHOAL_HD float round_digits(Integer (&digits)[exact_digits]) {
  const double unit[exact_digits] = {0x1p+61, 0x1p+9, 0x1p-43, 0x1p-95, 0x1p-147, 0x1p-199};
  carry_digits(digits, 1);
  double sum = 0.0;
  for (int d = exact_digits - 1; d >= 0; --d) sum = add_to_odd(static_cast<double>(digits[d]) * unit[d], sum);
  return static_cast<float>(sum);
}

}  // namespace shoal::kernels
