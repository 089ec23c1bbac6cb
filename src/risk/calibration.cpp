// SPDX-License-Identifier: Apache-2.0
#include "risk/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace shoal {
namespace {

/// The log-odds, standardised, so that Newton's method sees neither their unit nor their origin.
struct LogOdds {
  std::vector<double> values;
  double mean = 0.0, deviation = 0.0;
};

std::optional<LogOdds> log_odds_of(std::span<const double> probability) {
  LogOdds x;
  x.values.reserve(probability.size());
  for (const double p : probability) {
    if (p <= 0.0 || p >= 1.0) return {};
    x.values.push_back(std::log(p) - std::log1p(-p));
    x.mean += x.values.back();
  }
  x.mean /= static_cast<double>(x.values.size());
  for (double& value : x.values) {
    value -= x.mean;
    x.deviation += value * value;
  }
  x.deviation = std::sqrt(x.deviation / static_cast<double>(x.values.size()));
  return x;
}

/// Whether a threshold puts the classes on two sides; rows of both may lie on it.
bool separable(std::span<const double> outcome, std::span<const double> x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double low[2] = {infinity, infinity}, high[2] = {-infinity, -infinity};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int positive = outcome[i] == 1.0;
    low[positive] = std::min(low[positive], x[i]);
    high[positive] = std::max(high[positive], x[i]);
  }
  return high[0] <= low[1] || high[1] <= low[0];
}

/// Log-likelihood, its gradient and the information of (intercept a, slope b).
struct Likelihood {
  double value = 0.0, score_a = 0.0, score_b = 0.0, aa = 0.0, ab = 0.0, bb = 0.0;

  Likelihood(std::span<const double> outcome, std::span<const double> x, double a, double b) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double eta = a + b * x[i], e = std::exp(-std::abs(eta));
      const double p = eta < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e), weight = e / ((1.0 + e) * (1.0 + e));
      value += outcome[i] * eta - std::max(eta, 0.0) - std::log1p(e);
      score_a += outcome[i] - p;
      score_b += (outcome[i] - p) * x[i];
      aa += weight;
      ab += weight * x[i];
      bb += weight * x[i] * x[i];
    }
  }
};

}  // namespace

std::optional<CalibrationLine> calibration_line(std::span<const double> outcome,
                                                std::span<const double> probability) {
  std::optional<LogOdds> x = log_odds_of(probability);
  if (!x || separable(outcome, x->values) || !(x->deviation > 0.0)) return {};
  for (double& value : x->values) value /= x->deviation;
  double a = 0.0, b = 0.0;
  Likelihood at(outcome, x->values, a, b);
  const double small = 1e-14 * static_cast<double>(outcome.size());
  for (int iteration = 0; iteration < 200; ++iteration) {
    if (std::abs(at.score_a) <= small && std::abs(at.score_b) <= small) break;
    const double determinant = at.aa * at.bb - at.ab * at.ab;
    if (!(determinant > 0.0)) return {};
    double step_a = (at.bb * at.score_a - at.ab * at.score_b) / determinant,
           step_b = (at.aa * at.score_b - at.ab * at.score_a) / determinant;
    Likelihood next(outcome, x->values, a + step_a, b + step_b);
    // The likelihood is concave: a shorter step in Newton's direction always raises it, up to rounding.
    const double rounding = 1e-13 * std::abs(at.value);
    int halvings = 0;
    for (; !(next.value >= at.value - rounding) && halvings < 60; ++halvings) {
      step_a *= 0.5;
      step_b *= 0.5;
      next = Likelihood(outcome, x->values, a + step_a, b + step_b);
    }
    if (halvings == 60) break;
    a += step_a;
    b += step_b;
    at = next;
    if (std::abs(step_a) + std::abs(step_b) <= 1e-14 * (std::abs(a) + std::abs(b))) break;
  }
  const double slope = b / x->deviation;
  return CalibrationLine{slope, a - slope * x->mean};
}

}  // namespace shoal
