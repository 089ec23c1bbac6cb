// SPDX-License-Identifier: Apache-2.0
// Backtests of value at risk (VaR) and expected shortfall (ES). All values are signed returns: a loss is
// below 0, and so are VaR and ES of a small level. A row is exceeded when its target is below its VaR
// (docs/finance.md has the equations and their papers).
//
// Example:
//
//   const std::vector<double> returns = {0.3, -2.9, 0.1, -0.4}, var = {-2.1, -2.1, -2.4, -2.3};
//   const shoal::VarMetrics metrics = shoal::var_metrics(returns, var, 0.01);
//   std::printf("%.1f %% exceeded, Kupiec p = %.3f\n", 100.0 * metrics.rate, metrics.kupiec.p);
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace shoal {

/// A likelihood ratio, at least 0, and its chi-square p-value.
struct LikelihoodRatio {
  double lr = 0.0, p = 1.0;
};

/// Kupiec's test that the probability of an exceedance is `level`, in (0, 1); 0 ln 0 = 0. One degree of
/// freedom. Throws InvalidArgument unless rows >= 1 and exceedances in 0 .. rows.
LikelihoodRatio kupiec(std::int64_t rows, std::int64_t exceedances, double level);

/// Numbers of consecutive rows [n00, n01, n10, n11] by whether the first and the second are exceeded.
using Transitions = std::array<std::int64_t, 4>;
/// Of a series in order of time; rows - 1 of them.
Transitions transitions_of(std::span<const bool> exceeded);

/// Christoffersen's test that an exceedance does not depend on whether the row before was one. One degree of
/// freedom; 0 ln 0 = 0, so that lr is 0 where there is no exceedance, or nothing else. Throws InvalidArgument
/// for numbers below 0.
LikelihoodRatio independence(const Transitions& transitions);
/// Both at once, with two degrees of freedom: the sum of the two ratios.
LikelihoodRatio conditional_coverage(const LikelihoodRatio& kupiec, const LikelihoodRatio& independence);

/// The Basel committee's zones by the exceedances of the last 250 rows, or of all when there are fewer: green
/// while P(X <= exceedances) < 0.95 under the binomial distribution, red from 0.9999.
enum class TrafficZone { green, yellow, red };
std::string_view to_string(TrafficZone zone);
struct TrafficLight {
  std::int64_t window = 0, exceedances = 0;  ///< rows looked at, and how many of them are exceeded
  TrafficZone zone = TrafficZone::green;
};
TrafficLight traffic_light(std::span<const bool> exceeded, double level);

/// One row's term of FZ0, the score of VaR and ES together (Patton, Ziegel, Chen 2019): (v - y) 1{y <= v} /
/// (level |e|) + v / e + ln(-e) - 1, for e < 0. Smaller is better.
double fz0_term(double target, double var, double es, double level);

struct VarMetrics {
  std::int64_t rows = 0, exceedances = 0;
  double rate = 0.0;  ///< exceedances / rows
  double tick = 0.0;  ///< mean quantile loss (tick_term)
  LikelihoodRatio kupiec;
  double binomial_p = 1.0;  ///< exact, two-sided (distributions.hpp)
  LikelihoodRatio independence, conditional_coverage;
  Transitions transitions{};
  TrafficLight traffic_light;
  /// With `es`: Acerbi and Szekely's second statistic, 1 - mean(target 1{exceeded} / (level es)), 0 when ES
  /// is right and below 0 when it is too small; and the mean of fz0_term.
  std::optional<double> z2, fz0;
};

/// One series in order of time: `target`, `var` and, where it is not empty, `es` [rows], at least one; es <
/// 0. `level` in (0, 1), with `es` below 0.5. Throws InvalidArgument for other sizes and values.
VarMetrics var_metrics(std::span<const double> target, std::span<const double> var, double level,
                       std::span<const double> es = {});

}  // namespace shoal
