// SPDX-License-Identifier: Apache-2.0
// The L2 norm of a gradient, for clipping. Squares are scaled by a power of two that brings the largest
// magnitude to [1, 2), so that they do not overflow, and vanish only where they are too small to matter. They
// are summed exactly, so that order does not matter (contract N3).
#pragma once

#include "kernels/math/exact_sum.hpp"

namespace shoal::kernels {

/// 2^exponent, which must be a normal double.
SHOAL_HD double power_of_two(int exponent) {
  return from_bits(static_cast<std::int64_t>(exponent + 1023) << 52);
}
/// The e with 2^e <= x < 2^(e + 1), for a positive finite x, denormal or not.
SHOAL_HD int exponent_of(float x) {
  return static_cast<int>(bits(static_cast<double>(x)) >> 52) - 1023;
}
/// (g / 2^exponent)^2, with the quotient rounded to a float, then the square.
SHOAL_HD float scaled_square(float g, int exponent) {
  const auto scaled = static_cast<float>(static_cast<double>(g) * power_of_two(-exponent));
  return scaled * scaled;
}
/// The norm, given the rounded sum of scaled squares.
SHOAL_HD double norm_of(float squares, int exponent) {
  return __builtin_sqrt(static_cast<double>(squares)) * power_of_two(exponent);
}
/// The factor by which clipping multiplies every entry of a gradient.
template <class Real>
SHOAL_HD Real clip_factor(double norm, double clip) {
  return clip > 0.0 && norm > clip ? static_cast<Real>(clip / norm) : Real(1);
}

}  // namespace shoal::kernels
