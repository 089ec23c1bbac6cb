// SPDX-License-Identifier: Apache-2.0
#include <shoal/distributions.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include <shoal/error.hpp>

#include "risk/saddle_point.hpp"

namespace shoal {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

void require_degrees(std::int64_t degrees, const char* function) {
  if (degrees < 1)
    throw InvalidArgument(std::string(function) + ": needs at least 1 degree of freedom, not " +
                          std::to_string(degrees));
}

void require_trials(std::int64_t trials, double probability) {
  if (trials < 0 || !(probability >= 0.0 && probability <= 1.0))
    throw InvalidArgument("binomial distribution: needs trials >= 0 and a probability in [0, 1]");
}

/// The sum of binomial probabilities from `successes` downwards (step -1) or upwards (step 1), for a number
/// of successes on that side of the mean: every term is smaller than the one before.
double binomial_tail(std::int64_t successes, std::int64_t trials, double p, int step) {
  const auto n = static_cast<double>(trials);
  const double odds = p / (1.0 - p);
  double term = binomial_pmf(successes, trials, p), sum = 0.0;
  for (auto k = static_cast<double>(successes); k >= 0.0 && k <= n; k += step) {
    const double next = sum + term;
    if (next == sum) break;
    sum = next;
    term *= step < 0 ? k / ((n - k + 1.0) * odds) : (n - k) * odds / (k + 1.0);
  }
  return sum;
}

/// P(X >= successes).
double binomial_upper(std::int64_t successes, std::int64_t trials, double p) {
  if (successes <= 0) return 1.0;
  if (successes > trials) return 0.0;
  if (static_cast<double>(successes) > static_cast<double>(trials) * p)
    return binomial_tail(successes, trials, p, 1);
  return 1.0 - binomial_tail(successes - 1, trials, p, -1);
}

/// The continued fraction of Didonato and Morris for the incomplete beta function I_x(a, b) ("BFRAC", 1992)
/// by Lentz's method, with `lambda` = a - (a + b) x: no digits cancel where a is large and x close to 1.
double beta_fraction(double a, double b, double x, double lambda) {
  constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double fraction = away_from_zero(a * (lambda + 1.0) / (a + 1.0)), c = fraction, d = 0.0;
  for (double m = 1.0; m < 1e6; m += 1.0) {
    const double odd = a + 2.0 * m - 1.0;
    const double numerator = (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * x * x / (odd * odd);
    const double denominator =
        m + m * (b - m) * x / odd + (a + m) * (lambda + 1.0 + m * (2.0 - x)) / (a + 2.0 * m + 1.0);
    d = 1.0 / away_from_zero(denominator + numerator * d);
    c = away_from_zero(denominator + numerator / c);
    fraction *= c * d;
    if (std::abs(c * d - 1.0) < 2.0 * epsilon) break;
  }
  return fraction;
}

/// The regularised incomplete beta function I_x(a, b), with y = 1 - x given apart so that it keeps its
/// digits.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0.0) return 0.0;
  if (y <= 0.0) return 1.0;
  const double front = binomial_mass(a, a + b, x, y) * a * b / (a + b);
  const double lambda = y < x ? (a + b) * y - b : a - (a + b) * x;
  if (x < (a + 1.0) / (a + b + 2.0)) return front / beta_fraction(a, b, x, lambda);
  return 1.0 - front / beta_fraction(b, a, y, -lambda);
}

}  // namespace

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

double normal_two_sided_p(double z) {
  return std::erfc(std::abs(z) / std::numbers::sqrt2);
}

double chi_square_survival(double x, std::int64_t degrees_of_freedom) {
  require_degrees(degrees_of_freedom, "chi_square_survival");
  if (std::isnan(x)) return x;
  if (x <= 0.0) return 1.0;
  if (std::isinf(x)) return 0.0;
  // Q(a + 1, y) = Q(a, y) + y^a exp(-y) / Gamma(a + 1): a sum of Poisson probabilities, in whose place the
  // sum of those that are missing to 1 is taken where these are the smaller ones.
  const double y = 0.5 * x, top = 0.5 * static_cast<double>(degrees_of_freedom) - 1.0;
  double sum = 0.0;
  if (degrees_of_freedom > 2 && y < top) {
    double term = poisson_mass(top + 1.0, y);
    for (double a = top + 1.0; sum + term != sum; a += 1.0) {
      sum += term;
      term *= y / (a + 1.0);
    }
    return 1.0 - sum;
  }
  double term = degrees_of_freedom > 1 ? poisson_mass(top, y) : 0.0;
  for (double a = top; a >= 0.0 && sum + term != sum; a -= 1.0) {
    sum += term;
    term *= a / y;
  }
  return degrees_of_freedom % 2 == 1 ? sum + std::erfc(std::sqrt(y)) : sum;
}

double student_t_two_sided_p(double t, std::int64_t degrees_of_freedom) {
  require_degrees(degrees_of_freedom, "student_t_two_sided_p");
  if (std::isnan(t)) return t;
  if (std::isinf(t)) return 0.0;
  const auto n = static_cast<double>(degrees_of_freedom);
  // Divided by the larger of n and t^2, so that no t overflows.
  const double ratio = std::abs(t) / std::sqrt(n);
  const double x = 1.0 / (1.0 + ratio * ratio);
  const double y = ratio < 1.0 ? ratio * ratio * x : 1.0 / (1.0 + 1.0 / (ratio * ratio));
  return incomplete_beta(0.5 * n, 0.5, x, y);
}

double binomial_pmf(std::int64_t successes, std::int64_t trials, double probability) {
  require_trials(trials, probability);
  if (successes < 0 || successes > trials) return 0.0;
  return binomial_mass(static_cast<double>(successes), static_cast<double>(trials), probability,
                       1.0 - probability);
}

double binomial_cdf(std::int64_t successes, std::int64_t trials, double probability) {
  require_trials(trials, probability);
  if (successes < 0) return 0.0;
  if (successes >= trials) return 1.0;
  if (probability == 1.0) return 0.0;
  if (static_cast<double>(successes) < static_cast<double>(trials) * probability)
    return binomial_tail(successes, trials, probability, -1);
  return 1.0 - binomial_tail(successes + 1, trials, probability, 1);
}

double binomial_two_sided_p(std::int64_t successes, std::int64_t trials, double probability) {
  require_trials(trials, probability);
  if (successes < 0 || successes > trials)
    throw InvalidArgument("binomial_two_sided_p: needs successes from 0 to the number of trials");
  const double expected = static_cast<double>(trials) * probability;
  const auto k = static_cast<double>(successes);
  if (k == expected) return 1.0;
  if (probability == 0.0 || probability == 1.0) return 0.0;
  // Two probabilities that differ by rounding alone count as equal: scipy and R allow a relative 1e-7.
  const double most = binomial_pmf(successes, trials, probability) * (1.0 + 1e-7);
  const auto rare = [&](std::int64_t other) { return binomial_pmf(other, trials, probability) <= most; };
  double p = 0.0;
  if (k < expected) {  // the first number above the mean that is no more probable
    auto low = static_cast<std::int64_t>(std::ceil(expected)), high = trials + 1;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (rare(middle))
        high = middle;
      else
        low = middle + 1;
    }
    p = binomial_cdf(successes, trials, probability) + binomial_upper(low, trials, probability);
  } else {  // the last number below the mean that is no more probable
    std::int64_t low = -1, high = static_cast<std::int64_t>(std::floor(expected));
    while (low < high) {
      const std::int64_t middle = low + (high - low + 1) / 2;
      if (rare(middle))
        low = middle;
      else
        high = middle - 1;
    }
    p = binomial_cdf(low, trials, probability) + binomial_upper(successes, trials, probability);
  }
  return std::min(1.0, p);
}

}  // namespace shoal
