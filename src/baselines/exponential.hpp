// SPDX-License-Identifier: Apache-2.0
// exp in double out of additions, multiplications and powers of two alone: what is fitted with it, and stored
// in models, has the same bits whatever mathematical library a machine has.
#pragma once

#include <algorithm>
#include <cmath>

namespace shoal::baselines {

/// e^x with a relative error below 1e-15. 0 far below, infinity far above, NaN for NaN.
inline double exponential(double x) {
  if (!(x > -746.0)) return x != x ? x : 0.0;
  if (x > 710.0) return HUGE_VAL;
  constexpr double log2_e = 1.44269504088896340736;
  constexpr double ln2_high = 0x1.62e42fep-1;  // 28 bits: times a whole number of 11 bits it is exact
  constexpr double ln2_low = 0x1.f473de6af278ep-30;
  const double halves = std::floor(x * log2_e + 0.5);
  const double r = (x - halves * ln2_high) - halves * ln2_low;  // |r| <= ln 2 / 2
  double sum = 1.0;  // Taylor: the first term left out is r^15 / 15! < 1e-19
  for (int n = 14; n >= 1; --n) sum = 1.0 + sum * (r / n);
  return std::ldexp(sum, static_cast<int>(halves));
}

/// 1 / (1 + e^-x), without overflow.
inline double logistic(double x) {
  if (x >= 0.0) return 1.0 / (1.0 + exponential(-x));
  const double e = exponential(x);
  return e / (1.0 + e);
}

}  // namespace shoal::baselines
