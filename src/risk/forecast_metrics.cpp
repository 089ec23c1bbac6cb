// SPDX-License-Identifier: Apache-2.0
#include <shoal/forecast_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <shoal/error.hpp>
#include <shoal/value_at_risk.hpp>

#include "risk/require_rows.hpp"

namespace shoal {
namespace {

void require_above_zero(const char* function, const char* what, std::span<const double> values) {
  for (std::size_t row = 0; row < values.size(); ++row)
    if (!(values[row] > 0.0))
      throw InvalidArgument(std::string(function) + ": the " + what + " of row " + std::to_string(row) +
                            " must be above 0, not " + std::to_string(values[row]));
}

}  // namespace

RegressionMetrics regression_metrics(std::span<const double> target, std::span<const double> forecast) {
  require_rows("regression_metrics", target.size(), forecast.size());
  const auto rows = static_cast<double>(target.size());
  const double mean = std::accumulate(target.begin(), target.end(), 0.0) / rows;
  double squared = 0.0, absolute = 0.0, deviations = 0.0;
  for (std::size_t row = 0; row < target.size(); ++row) {
    const double error = target[row] - forecast[row], deviation = target[row] - mean;
    squared += error * error;
    absolute += std::abs(error);
    deviations += deviation * deviation;
  }
  RegressionMetrics metrics{std::sqrt(squared / rows), absolute / rows, {}};
  // The mean of equal targets may differ from them by rounding.
  const auto [least, most] = std::minmax_element(target.begin(), target.end());
  if (*least < *most) metrics.r2 = 1.0 - squared / deviations;
  return metrics;
}

double qlike_term(double x, double h) {
  const double ratio = x / h;
  return ratio - std::log(ratio) - 1.0;
}

double qlike(std::span<const double> target, std::span<const double> variance, std::optional<double> floor) {
  require_rows("qlike", target.size(), variance.size());
  require_above_zero("qlike", "variance", variance);
  if (floor && !(*floor > 0.0)) throw InvalidArgument("qlike: the floor must be above 0");
  if (!floor) require_above_zero("qlike", "target (there is no floor)", target);
  double sum = 0.0;
  for (std::size_t row = 0; row < target.size(); ++row)
    sum += qlike_term(floor ? std::max(target[row], *floor) : target[row], variance[row]);
  return sum / static_cast<double>(target.size());
}

NormalCoverage normal_coverage(std::span<const double> target, std::span<const double> mean,
                               std::span<const double> variance) {
  require_rows("normal_coverage", target.size(), mean.size());
  require_rows("normal_coverage", target.size(), variance.size());
  require_above_zero("normal_coverage", "variance", variance);
  // The 75, 90 and 97.5 % quantiles of the standard normal distribution.
  constexpr double z50 = 0.6744897501960817, z80 = 1.2815515655446004, z95 = 1.959963984540054;
  NormalCoverage within;
  for (std::size_t row = 0; row < target.size(); ++row) {
    const double z = std::abs(target[row] - mean[row]) / std::sqrt(variance[row]);
    within.central_50 += z <= z50;
    within.central_80 += z <= z80;
    within.central_95 += z <= z95;
  }
  const auto rows = static_cast<double>(target.size());
  return {within.central_50 / rows, within.central_80 / rows, within.central_95 / rows};
}

double tick_term(double target, double quantile, double level) {
  const double r = target - quantile;
  return std::max(level * r, (level - 1.0) * r);
}

QuantileMetrics quantile_metrics(std::span<const double> target, std::span<const double> quantiles,
                                 std::span<const double> levels) {
  const std::size_t rows = target.size(), count = levels.size();
  if (count == 0) throw InvalidArgument("quantile_metrics: needs a level");
  require_rows("quantile_metrics", rows * count, quantiles.size());
  QuantileMetrics metrics;
  metrics.levels.reserve(count);
  for (std::size_t l = 0; l < count; ++l) {
    require_level("quantile_metrics", levels[l]);
    std::int64_t below = 0;
    double tick = 0.0;
    for (std::size_t row = 0; row < rows; ++row) {
      below += target[row] < quantiles[row * count + l];
      tick += tick_term(target[row], quantiles[row * count + l], levels[l]);
    }
    metrics.levels.push_back({levels[l], static_cast<double>(below) / static_cast<double>(rows),
                              tick / static_cast<double>(rows),
                              kupiec(std::ssize(target), below, levels[l]).p});
  }
  std::vector<std::size_t> ascending(count);
  std::iota(ascending.begin(), ascending.end(), std::size_t{0});
  std::stable_sort(ascending.begin(), ascending.end(),
                   [&](std::size_t a, std::size_t b) { return levels[a] < levels[b]; });
  std::int64_t crossed = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto quantile = [&](std::size_t place) { return quantiles[row * count + ascending[place]]; };
    bool crosses = false;
    for (std::size_t l = 1; l < count; ++l) crosses = crosses || quantile(l) < quantile(l - 1);
    crossed += crosses;
  }
  metrics.crossing = static_cast<double>(crossed) / static_cast<double>(rows);
  return metrics;
}

ClassMetrics class_metrics(std::span<const std::int64_t> label, std::span<const double> probability,
                           std::size_t classes) {
  if (classes == 0) throw InvalidArgument("class_metrics: needs a class");
  require_rows("class_metrics", label.size() * classes, probability.size());
  double loss = 0.0;
  std::int64_t right = 0;
  for (std::size_t row = 0; row < label.size(); ++row) {
    const auto of_row = probability.subspan(row * classes, classes);
    if (label[row] < 0 || label[row] >= std::ssize(of_row))
      throw InvalidArgument("class_metrics: the label of row " + std::to_string(row) +
                            " is no class: " + std::to_string(label[row]));
    loss -= std::log(std::clamp(of_row[static_cast<std::size_t>(label[row])], 0x1p-52, 1.0 - 0x1p-52));
    right += std::max_element(of_row.begin(), of_row.end()) - of_row.begin() == label[row];
  }
  const auto rows = static_cast<double>(label.size());
  return {loss / rows, static_cast<double>(right) / rows};
}

}  // namespace shoal
