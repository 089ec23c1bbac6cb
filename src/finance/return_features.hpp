// SPDX-License-Identifier: Apache-2.0
// The `har` features out of daily returns, as include/shoal/volatility.hpp defines them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <shoal/volatility.hpp>

namespace shoal::finance {

/// Returns before the first row: the longest look-back.
inline constexpr std::size_t warm_up = 66;

/// Returns of one asset in percent. All assets share a calendar of days, numbered from 0.
struct AssetReturns {
  std::vector<std::size_t> days;  ///< of the returns, ascending
  std::vector<double> returns;
};

/// Forecast of the variance of the mean return of all assets that have one, by day of a calendar of `days`
/// days and for the day after it [days + 1]; NaN where fewer than 66 market returns lie before.
std::vector<double> market_variance(std::span<const AssetReturns> assets, std::size_t days);

/// Rows of the asset's returns from number `first` (>= warm_up) on, in order of volatility_columns; with
/// NextDay::added one more, whose squared_return and log_return are NaN.
std::vector<double> feature_rows(const AssetReturns& asset, std::span<const double> market_variance,
                                 std::size_t first, NextDay next);

}  // namespace shoal::finance
