// SPDX-License-Identifier: Apache-2.0
#include "finance/cosine.hpp"

#include <cmath>

namespace shoal::finance {
namespace {

constexpr double half_pi = 1.57079632679489661923;

// Taylor series for |x| <= pi / 4; the first terms left out, x^18 / 18! and x^19 / 19!, are below 3e-18.
double cosine(double x) {
  const double x2 = x * x;
  double sum = 1.0;
  for (int n = 16; n >= 2; n -= 2) sum = 1.0 - sum * (x2 / (n * (n - 1)));
  return sum;
}
double sine(double x) {
  const double x2 = x * x;
  double sum = 1.0;
  for (int n = 17; n >= 3; n -= 2) sum = 1.0 - sum * (x2 / (n * (n - 1)));
  return x * sum;
}

}  // namespace

double cosine_of_turns(double turns) {
  const double quarters = 4.0 * turns, nearest = std::floor(quarters + 0.5);  // both exact
  const double angle = (quarters - nearest) * half_pi;                        // from the nearest quarter turn
  switch (static_cast<int>(nearest) % 4) {
    case 0:
      return cosine(angle);
    case 1:
      return -sine(angle);
    case 2:
      return -cosine(angle);
    default:
      return sine(angle);
  }
}

}  // namespace shoal::finance
