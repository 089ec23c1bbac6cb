// SPDX-License-Identifier: Apache-2.0
// Features of assets that need not share their dates.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/calendar_date.hpp"
#include "finance/logarithm.hpp"
#include "finance/return_features.hpp"
#include "finance/table_text.hpp"

namespace shoal {
namespace {

void check(const PriceSeries& series) {
  const auto refuse = [&](const std::string& what) {
    throw InvalidArgument("volatility_series: " + series.asset + ": " + what);
  };
  if (series.dates.size() != series.close.size())
    refuse(std::to_string(series.close.size()) + " prices for " + std::to_string(series.dates.size()) +
           " dates");
  for (std::size_t i = 0; i < series.dates.size(); ++i) {
    if (!finance::is_date(series.dates[i])) refuse(series.dates[i] + " is no date");
    if (i > 0 && series.dates[i] <= series.dates[i - 1])
      refuse("date " + series.dates[i] + " does not come after " + series.dates[i - 1]);
    if (!std::isfinite(series.close[i]) || series.close[i] <= 0.0)
      refuse("the price of " + series.dates[i] + " is not finite and positive");
  }
}

std::vector<std::string> dates_of(const std::vector<PriceSeries>& prices) {
  std::vector<std::string> dates;
  for (const PriceSeries& series : prices)
    dates.insert(dates.end(), series.dates.begin(), series.dates.end());
  std::sort(dates.begin(), dates.end());
  dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
  return dates;
}

finance::AssetReturns returns_of(const PriceSeries& series, const std::vector<std::string>& calendar) {
  finance::AssetReturns asset;
  std::size_t day = 0;
  for (std::size_t i = 1; i < series.dates.size(); ++i) {
    while (calendar[day] < series.dates[i]) ++day;
    asset.days.push_back(day);
    asset.returns.push_back(100.0 * finance::natural_log(series.close[i] / series.close[i - 1]));
  }
  return asset;
}

std::string day_after(const std::vector<std::string>& calendar) {
  const bool weekdays = std::none_of(calendar.begin(), calendar.end(), finance::is_weekend);
  return weekdays ? finance::next_weekday(calendar.back()) : finance::next_date(calendar.back());
}

}  // namespace

std::vector<VolatilitySeries> volatility_series(const std::vector<PriceSeries>& prices, NextDay next) {
  const FloatEnvironment environment;
  for (const PriceSeries& series : prices) check(series);
  const std::vector<std::string> calendar = dates_of(prices);
  std::vector<finance::AssetReturns> returns;
  returns.reserve(prices.size());
  for (const PriceSeries& series : prices) returns.push_back(returns_of(series, calendar));
  const std::vector<double> market = finance::market_variance(returns, calendar.size());

  std::vector<VolatilitySeries> result;
  result.reserve(prices.size());
  bool any = false;
  for (std::size_t a = 0; a < prices.size(); ++a) {
    const std::vector<std::string>& dates = prices[a].dates;
    VolatilitySeries& series = result.emplace_back();
    series.asset = prices[a].asset;
    if (returns[a].returns.size() < finance::warm_up) continue;
    const bool goes_on = next == NextDay::added && dates.back() == calendar.back();
    series.values = finance::feature_rows(returns[a], market, finance::warm_up,
                                          goes_on ? NextDay::added : NextDay::left_out);
    series.dates.assign(dates.begin() + static_cast<std::ptrdiff_t>(finance::warm_up) + 1, dates.end());
    if (goes_on) series.dates.push_back(day_after(calendar));
    any = any || !series.dates.empty();
  }
  if (!any)
    throw DataError("no asset has a day with " + std::to_string(finance::warm_up) + " returns before it");
  return result;
}

std::string volatility_csv(const std::vector<VolatilitySeries>& series) {
  const FloatEnvironment environment;
  return finance::series_table(series).csv;
}

}  // namespace shoal
