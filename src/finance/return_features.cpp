// SPDX-License-Identifier: Apache-2.0
// Recursions and moving sums, every operation in a fixed order.
#include "finance/return_features.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "finance/logarithm.hpp"

namespace shoal::finance {
namespace {

constexpr double variance_floor = 0.01;  // (0.1 %)^2 in percent^2
constexpr double risk_metrics = 0.94;
constexpr double fast = 0.85;
constexpr double slow = 0.985;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double log_variance(double variance) {
  return natural_log(std::max(variance, variance_floor));
}

// Mean of squares[begin, end), summed in order.
double mean_of(const std::vector<double>& squares, std::size_t begin, std::size_t end) {
  double sum = 0.0;
  for (std::size_t t = begin; t < end; ++t) sum += squares[t];
  return sum / static_cast<double>(end - begin);
}

// Forecast h_t for t = warm_up .. size from the squares before t, as element t - warm_up.
std::vector<double> ewma_variance(const std::vector<double>& squares, double decay) {
  std::vector<double> forecast;
  if (squares.size() < warm_up) return forecast;
  forecast.reserve(squares.size() - warm_up + 1);
  double variance = mean_of(squares, 0, warm_up);
  forecast.push_back(variance);
  for (std::size_t t = warm_up; t < squares.size(); ++t) {
    variance = decay * variance + (1.0 - decay) * squares[t];
    forecast.push_back(variance);
  }
  return forecast;
}

std::vector<double> squares_of(std::vector<double> values) {
  for (double& value : values) value *= value;
  return values;
}

}  // namespace

std::vector<double> market_variance(std::span<const AssetReturns> assets, std::size_t days) {
  std::vector<double> sum(days, 0.0);
  std::vector<std::size_t> count(days, 0);
  for (const AssetReturns& asset : assets)
    for (std::size_t t = 0; t < asset.days.size(); ++t) {
      sum[asset.days[t]] += asset.returns[t];
      ++count[asset.days[t]];
    }
  std::vector<double> squares;
  for (std::size_t day = 0; day < days; ++day)
    if (count[day] > 0) {
      const double mean = sum[day] / static_cast<double>(count[day]);
      squares.push_back(mean * mean);
    }
  const std::vector<double> forecast = ewma_variance(squares, risk_metrics);
  std::vector<double> by_day(days + 1, unknown);
  for (std::size_t day = 0, t = 0; day <= days; ++day) {
    if (day < days && count[day] == 0) continue;
    if (t >= warm_up) by_day[day] = forecast[t - warm_up];
    ++t;
  }
  return by_day;
}

std::vector<double> feature_rows(const AssetReturns& asset, std::span<const double> market_variance,
                                 std::size_t first, NextDay next) {
  const std::vector<double> squares = squares_of(asset.returns);
  const std::vector<double> middle = ewma_variance(squares, risk_metrics);
  const std::vector<double> quick = ewma_variance(squares, fast);
  const std::vector<double> lasting = ewma_variance(squares, slow);
  const std::size_t end = squares.size() + (next == NextDay::added ? 1 : 0);
  std::vector<double> rows;
  for (std::size_t t = first; t < end; ++t) {
    const std::size_t h = t - warm_up;
    const bool known = t < squares.size();
    const double last = asset.returns[t - 1] / std::sqrt(std::max(middle[h], variance_floor));
    const std::array<double, volatility_columns.size()> values = {
        known ? squares[t] : unknown,
        log_variance(middle[h]),
        log_variance(quick[h]),
        log_variance(lasting[h]),
        log_variance(mean_of(squares, t - 5, t)),
        log_variance(mean_of(squares, t - 22, t)),
        log_variance(mean_of(squares, t - 66, t)),
        last,
        std::abs(last),
        log_variance(known ? market_variance[asset.days[t]] : market_variance.back()),
        known ? asset.returns[t] : unknown,
    };
    rows.insert(rows.end(), values.begin(), values.end());
  }
  return rows;
}

}  // namespace shoal::finance
