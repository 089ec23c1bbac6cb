// SPDX-License-Identifier: Apache-2.0
#include "finance/exponential.hpp"

#include <cmath>

namespace shoal::finance {

// x = k ln 2 + r with |r| <= ln 2 / 2; e^x = 2^k e^r. The Taylor series of e^r stops before r^15 / 15!, which
// is below 1e-19.
double natural_exp(double x) {
  // ln 2 in two parts; the high one has 21 trailing zero bits, so that k x high is exact.
  constexpr double ln2_high = 0x1.62e42feep-1;
  constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  constexpr double per_ln2 = 1.44269504088896340736;

  const double k = std::floor(x * per_ln2 + 0.5);
  const double r = (x - k * ln2_high) - k * ln2_low;
  double tail = 0.0;  // r + r^2/2 + ... by Horner's rule, smallest term first
  for (int n = 14; n >= 2; --n) tail = (tail + 1.0) * (r / n);
  return std::ldexp(1.0 + (tail + 1.0) * r, static_cast<int>(k));
}

}  // namespace shoal::finance
