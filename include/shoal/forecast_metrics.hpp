// SPDX-License-Identifier: Apache-2.0
// How good forecasts of numbers, variances, distributions, quantiles and classes are (docs/finance.md); of
// probabilities: classification_metrics.hpp.
//
// Example:
//
//   const std::vector<double> squared_return = {1.2, 0.1, 4.0}, variance = {1.0, 0.9, 1.1};
//   std::printf("QLIKE %.3f\n", shoal::qlike(squared_return, variance));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shoal {

struct RegressionMetrics {
  double rmse = 0.0, mae = 0.0;
  std::optional<double> r2;  ///< 1 - squared errors / squared deviations; nothing when all targets are equal
};
/// `target`, `forecast` [rows]. All functions of this header throw InvalidArgument when there is no row, the
/// sizes differ, or a value is outside what is said of it.
RegressionMetrics regression_metrics(std::span<const double> target, std::span<const double> forecast);

/// Mean of x / h - ln(x / h) - 1 with x = max(target, floor). `target` [rows]: a squared return or a realised
/// variance, above 0 without a floor; `variance` [rows]: h > 0; `floor` > 0 where it is given.
double qlike(std::span<const double> target, std::span<const double> variance,
             std::optional<double> floor = {});
/// One row's term, for x > 0 and h > 0.
double qlike_term(double x, double h);

/// Shares of targets within the central 50, 80 and 95 % of the normal distribution with mean and variance
/// [rows].
struct NormalCoverage {
  double central_50 = 0.0, central_80 = 0.0, central_95 = 0.0;
};
NormalCoverage normal_coverage(std::span<const double> target, std::span<const double> mean,
                               std::span<const double> variance);

struct QuantileLevelMetrics {
  double level = 0.0;
  double coverage = 0.0;  ///< share of targets below the quantile
  double tick = 0.0;      ///< mean of max(level r, (level - 1) r), r = target - quantile
  double kupiec_p = 1.0;  ///< of the test that the coverage is the level (value_at_risk.hpp)
};
struct QuantileMetrics {
  std::vector<QuantileLevelMetrics> levels;  ///< in the order of the call
  double crossing = 0.0;  ///< share of rows in which a quantile lies below that of a smaller level
};
/// `quantiles` [rows, levels], the levels of a row one after another; each level in (0, 1).
QuantileMetrics quantile_metrics(std::span<const double> target, std::span<const double> quantiles,
                                 std::span<const double> levels);
/// One row's term of `tick`, the quantile loss.
double tick_term(double target, double quantile, double level);

struct ClassMetrics {
  double log_loss = 0.0;  ///< mean of -ln of the label's probability, clipped to [2^-52, 1 - 2^-52]
  double accuracy = 0.0;  ///< share of rows whose label has the largest probability, the first of equals
};
/// `label` [rows]: 0 .. classes - 1; `probability` [rows, classes].
ClassMetrics class_metrics(std::span<const std::int64_t> label, std::span<const double> probability,
                           std::size_t classes);

}  // namespace shoal
