// SPDX-License-Identifier: Apache-2.0
#include <shoal/population_stability.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <shoal/error.hpp>

namespace shoal {
namespace {

constexpr std::size_t groups = 10;

using Bounds = std::array<double, groups - 1>;

Bounds deciles(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  Bounds bounds{};
  for (std::size_t d = 1; d < groups; ++d) {
    // (rows - 1) d / 10 in whole numbers: a place that is an order statistic is taken as it is.
    const std::size_t tenths = (sorted.size() - 1) * d, below = tenths / groups;
    const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
    bounds[d - 1] = low + (high - low) * static_cast<double>(tenths % groups) / groups;
  }
  return bounds;
}

std::array<std::int64_t, groups> counts(std::span<const double> values, const Bounds& bounds) {
  std::array<std::int64_t, groups> count{};
  for (const double value : values)
    ++count[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin())];
  return count;
}

double rows_of(std::span<const std::int64_t> counts) {
  double rows = 0.0;
  for (const std::int64_t count : counts) {
    if (count < 0) throw InvalidArgument("population_stability_index: needs numbers of rows, at least 0");
    rows += static_cast<double>(count);
  }
  if (rows == 0.0) throw InvalidArgument("population_stability_index: needs at least one row on both sides");
  return rows;
}

}  // namespace

double population_stability_index(std::span<const std::int64_t> expected,
                                  std::span<const std::int64_t> actual) {
  if (expected.size() != actual.size())
    throw InvalidArgument("population_stability_index: needs as many groups on both sides");
  constexpr double empty_share = 1e-4;
  const double expected_rows = rows_of(expected), actual_rows = rows_of(actual);
  const auto share = [&](std::int64_t count, double rows) {
    return count == 0 ? empty_share : static_cast<double>(count) / rows;
  };
  double index = 0.0;
  for (std::size_t group = 0; group < expected.size(); ++group) {
    const double e = share(expected[group], expected_rows), a = share(actual[group], actual_rows);
    index += (a - e) * std::log(a / e);
  }
  return index;
}

double population_stability_index(std::span<const double> expected, std::span<const double> actual) {
  if (expected.empty() || actual.empty())
    throw InvalidArgument("population_stability_index: needs at least one row on both sides");
  for (const auto& values : {expected, actual})
    if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
      throw InvalidArgument("population_stability_index: every value must be finite");
  const Bounds bounds = deciles(expected);
  return population_stability_index(counts(expected, bounds), counts(actual, bounds));
}

}  // namespace shoal
