// SPDX-License-Identifier: Apache-2.0
#include "risk/forecast_checks.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "risk/require_rows.hpp"

namespace shoal {
namespace {

std::string place_of(const ForecastTable& table, std::size_t row) {
  return table.location ? table.location(row) : "row " + std::to_string(row);
}

std::string shown(double value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

[[noreturn]] void refuse(const ForecastTable& table, std::size_t row, const std::string& column,
                         const std::string& what) {
  throw DataError(place_of(table, row) + ": column " + quoted_text(column) + ": " + what);
}

/// Every value of a column fits; else the first that does not is named.
template <class Fits>
void require_each(const ForecastTable& table, const std::vector<double>& values, const std::string& column,
                  Fits fits, const std::string& what) {
  const auto bad = std::find_if_not(values.begin(), values.end(), fits);
  if (bad != values.end())
    refuse(table, static_cast<std::size_t>(bad - values.begin()), column, shown(*bad) + what);
}

void check_sizes(const ForecastTable& table) {
  const std::size_t rows = table.target.size();
  require_rows("assess", rows, table.forecast.size());
  for (const std::size_t others :
       {table.against.size(), table.shortfall.size(), table.key.size(), table.time.size()})
    if (others != 0) require_rows("assess", rows, others);
  for (const std::int32_t key : table.key)
    if (key < 0 || static_cast<std::size_t>(key) >= table.keys.size())
      throw InvalidArgument("assess: a row's key is none of the table's keys");
}

void check_options(const ForecastTable& table, const AssessmentOptions& options) {
  const bool var = options.kind == ForecastKind::value_at_risk;
  if (var) require_level("assess", options.level);
  if (options.floor && !(*options.floor > 0.0)) throw InvalidArgument("assess: the floor must be above 0");
  if (options.floor && options.kind != ForecastKind::variance)
    throw InvalidArgument("assess: only variances have a floor");
  if (!table.shortfall.empty() && !var)
    throw InvalidArgument("assess: expected shortfall goes with values at risk alone");
  if (!table.shortfall.empty() && !(options.level < 0.5))
    throw InvalidArgument("assess: expected shortfall needs a level below 0.5");
  if (options.lag < 0) throw InvalidArgument("assess: lag must be at least 0");
  if (!table.against.empty() && table.time.empty())
    throw InvalidArgument(
        "assess: to compare with another forecast, losses are averaged by time: name the "
        "column of the times");
}

/// Losses below 0 are what the definitions ask for; many files have them above.
void refuse_negated(const ForecastTable& table, const std::vector<double>& values, const std::string& column,
                    double level) {
  const auto positive = [](double value) { return value > 0.0; };
  if (level >= 0.5 || 2 * std::count_if(values.begin(), values.end(), positive) <= std::ssize(values)) return;
  const auto first = std::find_if(values.begin(), values.end(), positive);
  refuse(table, static_cast<std::size_t>(first - values.begin()), column,
         shown(*first) + " is above 0, as most of the column is; a value at risk of level " + shown(level) +
             " is a signed return, below 0 for a loss: negate the column");
}

void check_probabilities(const ForecastTable& table) {
  const auto probability = [](double p) { return p >= 0.0 && p <= 1.0; };
  require_each(
      table, table.target, table.columns.target, [](double y) { return y == 0.0 || y == 1.0; },
      " is no outcome: it must be 0 or 1");
  const std::string what = " is no probability: it must lie in [0, 1]";
  require_each(table, table.forecast, table.columns.forecast, probability, what);
  require_each(table, table.against, table.columns.against, probability, what);
}

void check_variances(const ForecastTable& table, const AssessmentOptions& options) {
  const auto above_zero = [](double value) { return value > 0.0; };
  const std::string what = " is no variance: it must be above 0";
  require_each(table, table.forecast, table.columns.forecast, above_zero, what);
  require_each(table, table.against, table.columns.against, above_zero, what);
  if (!options.floor)
    require_each(table, table.target, table.columns.target, above_zero,
                 " has no QLIKE: the target must be above 0, or a floor be given");
}

void check_values_at_risk(const ForecastTable& table, double level) {
  refuse_negated(table, table.forecast, table.columns.forecast, level);
  refuse_negated(table, table.against, table.columns.against, level);
  require_each(
      table, table.shortfall, table.columns.shortfall, [](double es) { return es < 0.0; },
      " is no expected shortfall: it is a signed return and must be below 0");
}

/// Of rows that share key and time: the first in the table that has come before.
void refuse_repeats(const ForecastTable& table) {
  std::vector<std::size_t> order(table.time.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto place = [&](std::size_t row) {
    return std::pair(table.key.empty() ? 0 : table.key[row], table.time[row]);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  std::size_t repeat = order.size(), first = 0;
  for (std::size_t i = 1; i < order.size(); ++i)
    if (place(order[i]) == place(order[i - 1]) && order[i] < repeat) {
      repeat = order[i];
      first = order[i - 1];
    }
  if (repeat == order.size()) return;
  const std::string whose =
      table.key.empty()
          ? ""
          : "key " + quoted_text(table.keys[static_cast<std::size_t>(table.key[repeat])]) + " has ";
  refuse(table, repeat, table.columns.time, whose + "the time of " + place_of(table, first) + " once more");
}

}  // namespace

void check_forecasts(const ForecastTable& table, const AssessmentOptions& options) {
  check_sizes(table);
  check_options(table, options);
  switch (options.kind) {
    case ForecastKind::probability:
      check_probabilities(table);
      break;
    case ForecastKind::variance:
      check_variances(table, options);
      break;
    case ForecastKind::value_at_risk:
      check_values_at_risk(table, options.level);
      break;
  }
  const bool series = options.kind == ForecastKind::value_at_risk;
  if (!table.time.empty() && (series || !table.key.empty())) refuse_repeats(table);
}

}  // namespace shoal
