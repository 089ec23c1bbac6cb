// SPDX-License-Identifier: Apache-2.0
// The L2 norm that clipping compares: squares scaled by a power of two that brings the largest magnitude to
// [1, 2), so that they neither overflow nor, where they count, vanish; summed exactly, in no order (contract
// N3).
#pragma once

#include "kernels/math/exact_sum.hpp"

namespace shoal::kernels {

/// 2^exponent within the range of normal doubles.
SHOAL_HD double power_of_two(int exponent) {
  return from_bits(static_cast<std::int64_t>(exponent + 1023) << 52);
}
/// e with 2^e <= x < 2^(e + 1) of a positive finite x, denormal or not.
SHOAL_HD int exponent_of(float x) {
  return static_cast<int>(bits(static_cast<double>(x)) >> 52) - 1023;
}
/// (g / 2^exponent)^2: the quotient is rounded to a float, the square once more.
SHOAL_HD float scaled_square(float g, int exponent) {
  const auto scaled = static_cast<float>(static_cast<double>(g) * power_of_two(-exponent));
  return scaled * scaled;
}
/// The norm from the rounded sum of scaled squares.
SHOAL_HD double norm_of(float squares, int exponent) {
  return __builtin_sqrt(static_cast<double>(squares)) * power_of_two(exponent);
}
/// What every entry of a gradient is multiplied by.
template <class Real>
SHOAL_HD Real clip_factor(double norm, double clip) {
  return clip > 0.0 && norm > clip ? static_cast<Real>(clip / norm) : Real(1);
}

}  // namespace shoal::kernels
