// SPDX-License-Identifier: Apache-2.0
// exp and sigmoid in double, made of IEEE operations only, for what the host computes from double-precision
// outputs. They give the same bits on every machine; the results of a libm differ between versions and even
// between processors.
//
// x = n ln 2 + r with |r| <= ln 2 / 2. exp(r) - 1 comes from its series at r / 256, followed by eight
// doublings (1 + s)^2 - 1 = s (2 + s), all in double-double: pairs high + low, about 106 bits. The truncation
// of the series and the roundings of its tail stay below 2^-73 of the result, so that the result is correctly
// rounded except in one case in a million. Measured errors: docs/numerics.md.
#pragma once

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// The sum high + low, not rounded; |low| is at most half an ulp of high.
struct DoubleDouble {
  double high = 0.0, low = 0.0;
};

/// a + b, exactly.
inline DoubleDouble two_sum(double a, double b) {
  const double sum = a + b, of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}
/// a + b, exactly, for |a| >= |b| or a = 0.
inline DoubleDouble quick_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}
inline DoubleDouble operator+(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble sum = two_sum(a.high, b.high);
  return quick_two_sum(sum.high, sum.low + (a.low + b.low));
}
inline DoubleDouble operator*(DoubleDouble a, DoubleDouble b) {
  const double product = a.high * b.high;
  const double lost = __builtin_fma(a.high, b.high, -product);
  return quick_two_sum(product, lost + (a.high * b.low + a.low * b.high));
}
/// a times a power of two, exactly.
inline DoubleDouble scaled(DoubleDouble a, double power) {
  return {a.high * power, a.low * power};
}

/// exp(r) - 1 for |r| <= ln 2 / 2.
inline DoubleDouble exp_minus_one(DoubleDouble r) {
  const DoubleDouble t = scaled(r, 0x1p-8), square = t * t;
  constexpr double coefficients[] = {1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0};
  double series = 1.0 / 5040.0;
  for (const double coefficient : coefficients) series = __builtin_fma(series, t.high, coefficient);
  DoubleDouble s = t + (scaled(square, 0.5) + DoubleDouble{square.high * t.high * series, 0.0});
  for (int doubling = 0; doubling < 8; ++doubling) s = scaled(s, 2.0) + s * s;
  return s;
}

/// 2^n for n in [-1022, 1023].
inline double power_of_two(std::int64_t n) {
  return __builtin_bit_cast(double, (n + 1023) << 52);
}

/// exp(x). Overflows to infinity and underflows through the denormals to zero; NaN gives NaN.
inline double exp(double x) {
  if (!(x == x)) return x;
  if (x > 710.0) return __builtin_inf();
  if (x < -746.0) return 0.0;
  constexpr double shift = 0x1.8p52;  // adding it rounds to the nearest integer
  const double n = (x * 0x1.71547652b82fep+0 + shift) - shift;
  // ln 2 in two parts; the first has 42 bits, so that n * ln2_high and its difference from x are exact.
  constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  const double rest = x - n * ln2_high, product = n * ln2_low;
  const double lost = __builtin_fma(n, ln2_low, -product);
  const DoubleDouble r = two_sum(rest, -product) + DoubleDouble{-lost, 0.0};
  const DoubleDouble value = DoubleDouble{1.0, 0.0} + exp_minus_one(r);
  // Scaled in two factors, because 2^1024 is not a double; a denormal result is rounded a second time, in the
  // last product.
  const auto whole = static_cast<std::int64_t>(n), half = whole / 2;
  return value.high * power_of_two(half) * power_of_two(whole - half);
}

/// 1 / (1 + exp(-x)), in the form that neither overflows nor cancels.
inline double sigmoid(double x) {
  if (x >= 0.0) return 1.0 / (1.0 + exp(-x));
  const double e = exp(x);
  return e / (1.0 + e);
}

}  // namespace shoal::kernels
