// SPDX-License-Identifier: Apache-2.0
#include "finance/logarithm.hpp"

#include <cmath>

namespace shoal::finance {

// x = m 2^e with m in [sqrt(1/2), sqrt(2)), and ln m = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...) with s = (m -
// 1)/(m + 1). Because |s| < 0.1716, the first omitted term, s^25/25, is below 3e-21 ln m. m - 1 is exact.
double natural_log(double x) {
  constexpr double sqrt_half = 0.70710678118654752440;
  // ln 2 as a sum of two doubles. The high one has 21 trailing zero bits, so that e x high is exact.
  constexpr double ln2_high = 0x1.62e42feep-1;
  constexpr double ln2_low = 0x1.a39ef35793c76p-33;

  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact; in [1/2, 1)
  if (mantissa < sqrt_half) {
    mantissa *= 2.0;
    exponent -= 1;
  }
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double s2 = s * s;
  double tail = 0.0;  // s^2/3 + s^4/5 + ... by Horner's rule, smallest coefficient first
  for (int odd = 23; odd >= 3; odd -= 2) tail = (tail + 1.0 / odd) * s2;
  const double scale = static_cast<double>(exponent);
  const double small = 2.0 * s * tail + scale * ln2_low;
  return scale * ln2_high + (2.0 * s + small);
}

}  // namespace shoal::finance
