// SPDX-License-Identifier: Apache-2.0
#include "risk/saddle_point.hpp"

#include <cmath>
#include <numbers>

namespace shoal {
namespace {

/// ln Gamma(n + 1) minus Stirling's formula, for n > 0.
double stirling_error(double n) {
  if (n > 15.0) {
    const double s = n * n;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / s) / s) / s) / s) / n;
  }
  static const double half_log_two_pi = 0.5 * std::log(2.0 * std::numbers::pi);
  return std::lgamma(n + 1.0) - (n + 0.5) * std::log(n) + n - half_log_two_pi;
}

}  // namespace

double deviance_term(double x, double mean) {
  if (x == 0.0) return mean;
  if (std::abs(x - mean) >= 0.1 * (x + mean)) return x * std::log(x / mean) + mean - x;
  const double v = (x - mean) / (x + mean), squared = v * v;
  double sum = (x - mean) * v, power = 2.0 * x * v;
  for (int j = 1; j < 1000; ++j) {
    power *= squared;
    const double next = sum + power / (2 * j + 1);
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

double binomial_mass(double x, double n, double p, double q) {
  if (p == 0.0) return x == 0.0 ? 1.0 : 0.0;
  if (q == 0.0) return x == n ? 1.0 : 0.0;
  if (x == 0.0) return n == 0.0 ? 1.0 : std::exp(p < 0.1 ? n * std::log1p(-p) : n * std::log(q));
  if (x == n) return std::exp(q < 0.1 ? n * std::log1p(-q) : n * std::log(p));
  const double exponent = stirling_error(n) - stirling_error(x) - stirling_error(n - x) -
                          deviance_term(x, n * p) - deviance_term(n - x, n * q);
  return std::exp(exponent) * std::sqrt(n / (2.0 * std::numbers::pi * x * (n - x)));
}

double poisson_mass(double x, double mean) {
  if (x == 0.0) return std::exp(-mean);
  return std::exp(-stirling_error(x) - deviance_term(x, mean)) / std::sqrt(2.0 * std::numbers::pi * x);
}

}  // namespace shoal
