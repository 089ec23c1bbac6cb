// SPDX-License-Identifier: Apache-2.0
// Curves of forecasts against what happened: reliability by groups of equal size, ROC and the distribution
// functions of the two classes, each with a bounded number of points.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::report {

/// A group of rows next to each other in order of the forecast.
struct ReliabilityGroup {
  std::int64_t rows = 0;
  double forecast = 0.0, outcome = 0.0;  ///< means
};
/// Ten groups, equal forecasts in the order of the rows; the first rows mod 10 groups hold one row more, as
/// the expected calibration error has them. Groups without rows are left out.
std::vector<ReliabilityGroup> reliability(std::span<const double> outcome, std::span<const double> forecast);

/// Rates of both classes by falling threshold, from (0, 0) to (1, 1). Equal forecasts are one step. At most
/// `most` points, of which the ends are two.
struct RocCurve {
  std::vector<double> false_positive, true_positive;
};
/// `outcome`: 0 or 1. Empty when a class is missing.
RocCurve roc_curve(std::span<const double> outcome, std::span<const double> forecast, std::size_t most = 200);

/// The distribution functions of the forecast in either class, at evenly spaced shares of all rows.
struct KsCurves {
  std::vector<double> forecast, bad, good;  ///< bad: outcome 1
};
KsCurves ks_curves(std::span<const double> outcome, std::span<const double> forecast, std::size_t most = 200);

}  // namespace shoal::report
