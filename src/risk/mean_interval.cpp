// SPDX-License-Identifier: Apache-2.0
#include <shoal/mean_interval.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <shoal/distributions.hpp>
#include <shoal/error.hpp>

#include "core/student_t.hpp"
#include "risk/require_rows.hpp"

namespace shoal {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void require_lag(const char* function, int lag) {
  if (lag < 0)
    throw InvalidArgument(std::string(function) + ": lag must be at least 0, not " + std::to_string(lag));
}

}  // namespace

MeanInterval student_interval(std::span<const double> values) {
  require_rows("student_interval", values.size(), values.size());
  MeanInterval interval;
  interval.count = std::ssize(values);
  interval.mean = mean_of(values);
  interval.half_width = std::numeric_limits<double>::quiet_NaN();
  if (interval.count == 1) return interval;
  double squared = 0.0;
  for (const double value : values) squared += (value - interval.mean) * (value - interval.mean);
  const auto count = static_cast<double>(interval.count);
  interval.half_width = student_t_975(interval.count - 1) * std::sqrt(squared / (count - 1.0) / count);
  return interval;
}

MeanComparison student_comparison(std::span<const double> values, std::span<const double> others) {
  require_rows("student_comparison", values.size(), others.size());
  std::vector<double> difference(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) difference[i] = values[i] - others[i];
  MeanComparison comparison{.mean = mean_of(difference), .t = {}, .p = {}};
  // The variance of the mean with lag 0 divides by the number of pairs, Student's by one less.
  const auto pairs = static_cast<double>(difference.size());
  const double variance = newey_west_variance(difference, 0);
  if (variance > 0.0) {
    comparison.t = comparison.mean / std::sqrt(variance * pairs / (pairs - 1.0));
    comparison.p = student_t_two_sided_p(*comparison.t, std::ssize(difference) - 1);
  }
  return comparison;
}

std::vector<double> means_by_time(std::span<const double> values, std::span<const std::int32_t> time) {
  require_rows("means_by_time", values.size(), time.size());
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return time[a] < time[b]; });
  std::vector<double> means;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double sum = 0.0;
    for (; end < order.size() && time[order[end]] == time[order[begin]]; ++end) sum += values[order[end]];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  return means;
}

double newey_west_variance(std::span<const double> series, int lag) {
  require_rows("newey_west_variance", series.size(), series.size());
  require_lag("newey_west_variance", lag);
  const double mean = mean_of(series);
  std::vector<double> deviation(series.size());
  double largest = 0.0, widest = 0.0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    deviation[i] = series[i] - mean;
    largest = std::max(largest, std::abs(series[i]));
    widest = std::max(widest, std::abs(deviation[i]));
  }
  if (widest <= 8.0 * std::numeric_limits<double>::epsilon() * largest) return 0.0;
  const auto product = [&](std::size_t apart) {
    double sum = 0.0;
    for (std::size_t i = apart; i < deviation.size(); ++i) sum += deviation[i] * deviation[i - apart];
    return sum;
  };
  double sum = product(0);
  const std::size_t last = std::min(static_cast<std::size_t>(lag), series.size() - 1);
  for (std::size_t k = 1; k <= last; ++k)
    sum += 2.0 * (1.0 - static_cast<double>(k) / (lag + 1.0)) * product(k);
  const auto periods = static_cast<double>(series.size());
  return std::max(0.0, sum / periods / periods);
}

MeanInterval time_interval(std::span<const double> values, std::span<const std::int32_t> time, int lag) {
  require_rows("time_interval", values.size(), time.size());
  require_lag("time_interval", lag);
  const std::vector<double> series = means_by_time(values, time);
  MeanInterval interval;
  interval.count = std::ssize(series);
  interval.lag = static_cast<int>(std::min(std::int64_t{lag}, interval.count / 4));
  interval.mean = mean_of(series);
  constexpr double z95 = 1.959963984540054;  // the 97.5 % quantile of the standard normal distribution
  interval.half_width = interval.count == 1 ? std::numeric_limits<double>::quiet_NaN()
                                            : z95 * std::sqrt(newey_west_variance(series, interval.lag));
  return interval;
}

DieboldMariano diebold_mariano(std::span<const double> loss, std::span<const double> other,
                               std::span<const std::int32_t> time, int lag) {
  require_rows("diebold_mariano", loss.size(), other.size());
  require_rows("diebold_mariano", loss.size(), time.size());
  require_lag("diebold_mariano", lag);
  std::vector<double> difference(loss.size());
  for (std::size_t row = 0; row < loss.size(); ++row) difference[row] = loss[row] - other[row];
  const std::vector<double> series = means_by_time(difference, time);
  DieboldMariano test{.mean = mean_of(series), .t = {}, .p = {}, .lag = lag, .periods = std::ssize(series)};
  const double variance = newey_west_variance(series, lag);
  if (variance > 0.0) {
    test.t = test.mean / std::sqrt(variance);
    test.p = normal_two_sided_p(*test.t);
  }
  return test;
}

}  // namespace shoal
