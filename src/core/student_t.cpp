// SPDX-License-Identifier: Apache-2.0
#include "core/student_t.hpp"

#include <cmath>
#include <numbers>
#include <string>

#include <shoal/error.hpp>

namespace shoal {
namespace {

/// P(|T| < t) as the finite sum for a whole number of degrees of freedom (Abramowitz and Stegun 26.7.3,
/// 26.7.4).
double central_probability(double t, int n) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(n)));
  const double sine = std::sin(angle), cosine = std::cos(angle), squared = cosine * cosine;
  const bool odd = n % 2 == 1;
  double sum = 0.0, term = odd ? cosine : 1.0;
  for (int k = odd ? 3 : 2; k <= n; k += 2) {
    sum += term;
    term *= squared * (k - 1) / k;
  }
  return odd ? (angle + sine * sum) * 2.0 / std::numbers::pi : sine * sum;
}

/// The expansion in powers of 1 / n about the normal quantile (Abramowitz and Stegun 26.7.5).
double expansion(double n) {
  constexpr double z = 1.959963984540054, s = z * z;
  constexpr double g1 = z * (s + 1.0) / 4.0, g2 = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0,
                   g3 = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
                   g4 = z * ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0;
  return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

}  // namespace

double student_t_975(std::int64_t degrees_of_freedom) {
  if (degrees_of_freedom < 1)
    throw InvalidArgument("student_t_975: needs at least 1 degree of freedom, not " +
                          std::to_string(degrees_of_freedom));
  if (degrees_of_freedom > 200) return expansion(static_cast<double>(degrees_of_freedom));
  double low = 1.0, high = 13.0;  // the quantiles for 1 to 200 degrees of freedom lie between these
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (central_probability(middle, static_cast<int>(degrees_of_freedom)) < 0.95 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace shoal
