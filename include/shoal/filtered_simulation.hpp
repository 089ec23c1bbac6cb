// SPDX-License-Identifier: Apache-2.0
// Value at risk (VaR) and expected shortfall (ES) by historical simulation: plain, from the returns of the
// last days, and filtered, from returns in units of a variance forecast (docs/finance.md has the equations
// and their papers). Returns, VaR and ES are signed: a loss is below 0.
//
// Example:
//
//   std::vector<double> returns(300), variances(300, 1.44);
//   for (std::size_t day = 0; day < returns.size(); ++day) returns[day] = day % 3 - 1.0;
//   const std::vector<double> levels = {0.01, 0.05};
//   const auto tails = shoal::filtered_simulation(returns, variances, levels, 1000);
//   std::printf("VaR of 1 %% of the last day: %.3f\n", tails[299 * levels.size()].var);
#pragma once

#include <limits>
#include <span>
#include <vector>

namespace shoal {

/// What a forecast says of the lower tail of one return; NaN where it says nothing.
struct TailForecast {
  double var = std::numeric_limits<double>::quiet_NaN();  ///< the quantile of a level
  double es = std::numeric_limits<double>::quiet_NaN();   ///< the mean of what lies at or below the quantile
};

/// Filtered historical simulation of one key. `returns`, `variances` [rows], in order of time: the return of
/// a row, NaN where it is not known, and its variance as it was forecast before, above 0 or NaN. A residual
/// is return / sqrt(variance) of a row that has both. VaR and ES of a row are the quantile (linear
/// interpolation between order statistics) and the mean at or below it of the last `residuals` residuals of
/// earlier rows, times the square root of its variance. Returns [rows, levels]; NaN where a row has no
/// variance or fewer than `least` residuals come before it. Time grows with rows times `residuals`. Throws
/// InvalidArgument for columns of different sizes, infinite values, variances of 0 or below, no level or one
/// outside (0, 1), and unless 1 <= least <= residuals.
std::vector<TailForecast> filtered_simulation(std::span<const double> returns,
                                              std::span<const double> variances,
                                              std::span<const double> levels, int residuals, int least = 250);

/// Plain historical simulation: the same of the returns themselves, of exactly the last `window` earlier rows
/// that have a return; NaN where there are fewer. Throws as filtered_simulation does.
std::vector<TailForecast> historical_simulation(std::span<const double> returns,
                                                std::span<const double> levels, int window);

}  // namespace shoal
