// SPDX-License-Identifier: Apache-2.0
#include "report/calibration_curves.hpp"

#include <algorithm>
#include <numeric>

namespace shoal::report {
namespace {

constexpr std::size_t reliability_groups = 10;

std::vector<std::size_t> in_order(std::span<const double> forecast) {
  std::vector<std::size_t> order(forecast.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return forecast[a] < forecast[b]; });
  return order;
}

/// Counts of both classes up to each different forecast, ascending.
struct Counts {
  std::vector<double> forecast, bad, good;
  double bads = 0.0, goods = 0.0;
};
Counts counts_of(std::span<const double> outcome, std::span<const double> forecast) {
  Counts counts;
  for (const std::size_t row : in_order(forecast)) {
    (outcome[row] > 0.5 ? counts.bads : counts.goods) += 1.0;
    if (counts.forecast.empty() || counts.forecast.back() != forecast[row]) {
      counts.forecast.push_back(forecast[row]);
      counts.bad.push_back(0.0);
      counts.good.push_back(0.0);
    }
    counts.bad.back() = counts.bads;
    counts.good.back() = counts.goods;
  }
  return counts;
}

/// Places of at most `most` of `count` points, the first and the last among them.
std::vector<std::size_t> some_of(std::size_t count, std::size_t most) {
  std::vector<std::size_t> places;
  const std::size_t kept = std::min(count, most);
  for (std::size_t i = 0; i < kept; ++i)
    places.push_back(kept == 1 ? count - 1 : i * (count - 1) / (kept - 1));
  return places;
}

}  // namespace

std::vector<ReliabilityGroup> reliability(std::span<const double> outcome, std::span<const double> forecast) {
  const std::vector<std::size_t> order = in_order(forecast);
  const std::size_t rows = order.size();
  std::vector<ReliabilityGroup> groups;
  std::size_t begin = 0;
  for (std::size_t g = 0; g < reliability_groups; ++g) {
    const std::size_t end = begin + rows / reliability_groups + (g < rows % reliability_groups ? 1 : 0);
    if (end == begin) break;
    ReliabilityGroup group;
    group.rows = static_cast<std::int64_t>(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      group.forecast += forecast[order[i]];
      group.outcome += outcome[order[i]];
    }
    group.forecast /= static_cast<double>(end - begin);
    group.outcome /= static_cast<double>(end - begin);
    groups.push_back(group);
    begin = end;
  }
  return groups;
}

RocCurve roc_curve(std::span<const double> outcome, std::span<const double> forecast, std::size_t most) {
  const Counts counts = counts_of(outcome, forecast);
  if (counts.bads == 0.0 || counts.goods == 0.0) return {};
  RocCurve all{{0.0}, {0.0}};
  for (std::size_t i = counts.forecast.size(); i-- > 0;) {  // what lies at or above the threshold
    all.true_positive.push_back((counts.bads - (i > 0 ? counts.bad[i - 1] : 0.0)) / counts.bads);
    all.false_positive.push_back((counts.goods - (i > 0 ? counts.good[i - 1] : 0.0)) / counts.goods);
  }
  RocCurve curve;
  for (const std::size_t place : some_of(all.true_positive.size(), most)) {
    curve.false_positive.push_back(all.false_positive[place]);
    curve.true_positive.push_back(all.true_positive[place]);
  }
  return curve;
}

KsCurves ks_curves(std::span<const double> outcome, std::span<const double> forecast, std::size_t most) {
  const Counts counts = counts_of(outcome, forecast);
  if (counts.bads == 0.0 || counts.goods == 0.0) return {};
  KsCurves curves;
  for (const std::size_t place : some_of(counts.forecast.size(), most)) {
    curves.forecast.push_back(counts.forecast[place]);
    curves.bad.push_back(counts.bad[place] / counts.bads);
    curves.good.push_back(counts.good[place] / counts.goods);
  }
  return curves;
}

}  // namespace shoal::report
