// SPDX-License-Identifier: Apache-2.0
#include <shoal/filtered_simulation.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <shoal/error.hpp>

#include "risk/require_rows.hpp"

namespace shoal {
namespace {

/// The last so many values of a series, also in ascending order.
class SortedWindow {
 public:
  explicit SortedWindow(std::size_t most) : most_(most) {}

  std::size_t size() const { return sorted_.size(); }

  /// Adds a value and drops the oldest one when there are too many.
  void add(double value) {
    if (latest_.size() < most_) {
      latest_.push_back(value);
    } else {
      sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), latest_[oldest_]));
      latest_[oldest_] = value;
      oldest_ = (oldest_ + 1) % most_;
    }
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), value), value);
  }

  /// The quantile of a level and the mean of the values at or below it, both times `scale`.
  TailForecast tail(double level, double scale) const {
    const double place = level * static_cast<double>(sorted_.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const double low = sorted_[below], high = sorted_[std::min(below + 1, sorted_.size() - 1)];
    const double quantile = low + (place - static_cast<double>(below)) * (high - low);
    const auto end = std::upper_bound(sorted_.begin(), sorted_.end(), quantile);
    const double sum = std::accumulate(sorted_.begin(), end, 0.0);
    return {scale * quantile, scale * (sum / static_cast<double>(end - sorted_.begin()))};
  }

 private:
  std::size_t most_, oldest_ = 0;  ///< oldest_: a place in latest_, once it is full
  std::vector<double> latest_;     ///< a ring
  std::vector<double> sorted_;
};

void check(const char* function, std::span<const double> returns, std::span<const double> levels) {
  if (levels.empty()) throw InvalidArgument(std::string(function) + ": needs at least one level");
  for (const double level : levels) require_level(function, level);
  for (std::size_t row = 0; row < returns.size(); ++row)
    if (std::isinf(returns[row]))
      throw InvalidArgument(std::string(function) + ": the return of row " + std::to_string(row) +
                            " is infinite");
}

void check_variances(std::span<const double> variances) {
  for (std::size_t row = 0; row < variances.size(); ++row)
    if (variances[row] <= 0.0 || std::isinf(variances[row]))
      throw InvalidArgument("filtered_simulation: the variance of row " + std::to_string(row) +
                            " must be above 0 and finite, not " + std::to_string(variances[row]));
}

/// `scales`: what the returns of the rows are divided by, and forecasts multiplied with; NaN: no forecast.
std::vector<TailForecast> simulate(std::span<const double> returns, std::span<const double> scales,
                                   std::span<const double> levels, int most, int least) {
  std::vector<TailForecast> tails(returns.size() * levels.size());
  SortedWindow window(static_cast<std::size_t>(most));
  for (std::size_t row = 0; row < returns.size(); ++row) {
    if (std::isnan(scales[row])) continue;
    if (window.size() >= static_cast<std::size_t>(least))
      for (std::size_t i = 0; i < levels.size(); ++i)
        tails[row * levels.size() + i] = window.tail(levels[i], scales[row]);
    if (!std::isnan(returns[row])) window.add(returns[row] / scales[row]);
  }
  return tails;
}

}  // namespace

std::vector<TailForecast> filtered_simulation(std::span<const double> returns,
                                              std::span<const double> variances,
                                              std::span<const double> levels, int residuals, int least) {
  require_rows("filtered_simulation", returns.size(), variances.size());
  check("filtered_simulation", returns, levels);
  check_variances(variances);
  if (least < 1 || least > residuals)
    throw InvalidArgument("filtered_simulation: needs 1 <= least <= residuals, not " + std::to_string(least) +
                          " and " + std::to_string(residuals));
  std::vector<double> scales;
  scales.reserve(variances.size());
  for (const double variance : variances) scales.push_back(std::sqrt(variance));
  return simulate(returns, scales, levels, residuals, least);
}

std::vector<TailForecast> historical_simulation(std::span<const double> returns,
                                                std::span<const double> levels, int window) {
  require_rows("historical_simulation", returns.size(), returns.size());
  check("historical_simulation", returns, levels);
  if (window < 1)
    throw InvalidArgument("historical_simulation: the window must have at least 1 row, not " +
                          std::to_string(window));
  return simulate(returns, std::vector<double>(returns.size(), 1.0), levels, window, window);
}

}  // namespace shoal
