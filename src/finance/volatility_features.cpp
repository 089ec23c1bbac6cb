// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/logarithm.hpp"
#include "finance/return_features.hpp"

namespace shoal {
namespace {

using finance::AssetReturns;
using finance::warm_up;

void check(const PricePanel& prices) {
  if (prices.assets.empty()) throw InvalidArgument("volatility_features: the panel has no assets");
  if (prices.close.size() != prices.dates.size() * prices.assets.size())
    throw InvalidArgument("volatility_features: " + std::to_string(prices.close.size()) + " prices for " +
                          std::to_string(prices.dates.size()) + " dates x " +
                          std::to_string(prices.assets.size()) + " assets");
  for (std::size_t i = 1; i < prices.dates.size(); ++i)
    if (prices.dates[i] <= prices.dates[i - 1])
      throw InvalidArgument("volatility_features: date " + prices.dates[i] + " does not come after " +
                            prices.dates[i - 1]);
  for (std::size_t i = 0; i < prices.close.size(); ++i)
    if (!std::isfinite(prices.close[i]) || prices.close[i] <= 0.0)
      throw InvalidArgument("volatility_features: price of " + prices.assets[i % prices.assets.size()] +
                            " on " + prices.dates[i / prices.assets.size()] + " is not finite and positive");
}

// The returns r_t in percent for t = 1 .. dates - 1; element t - 1 is r_t.
std::vector<double> log_returns(const PricePanel& prices, std::size_t asset) {
  const std::size_t assets = prices.assets.size();
  std::vector<double> returns;
  returns.reserve(prices.dates.size());
  for (std::size_t t = 1; t < prices.dates.size(); ++t)
    returns.push_back(100.0 * finance::natural_log(prices.close[t * assets + asset] /
                                                   prices.close[(t - 1) * assets + asset]));
  return returns;
}

}  // namespace

VolatilityTable volatility_features(const PricePanel& prices, std::string_view first_date) {
  const FloatEnvironment environment;
  check(prices);
  const std::size_t days = prices.dates.size(), assets = prices.assets.size();
  // The return with index t belongs to date t + 1.
  std::size_t first = warm_up;
  while (first + 1 < days && prices.dates[first + 1] < first_date) ++first;
  if (first + 1 >= days)
    throw DataError(
        "volatility_features: no day has " + std::to_string(warm_up) + " returns before it" +
        (first_date.empty() ? std::string() : " and lies on or after " + std::string(first_date)));
  const std::size_t rows = days - 1 - first;

  std::vector<AssetReturns> returns(assets);
  for (std::size_t asset = 0; asset < assets; ++asset) {
    returns[asset].returns = log_returns(prices, asset);
    returns[asset].days.resize(days - 1);
    std::iota(returns[asset].days.begin(), returns[asset].days.end(), std::size_t{0});
  }
  const std::vector<double> market = finance::market_variance(returns, days - 1);

  VolatilityTable table;
  table.assets = prices.assets;
  table.dates.assign(prices.dates.end() - static_cast<std::ptrdiff_t>(rows), prices.dates.end());
  table.values.resize(rows * assets * volatility_columns.size());
  for (std::size_t asset = 0; asset < assets; ++asset) {
    const std::vector<double> values =
        finance::feature_rows(returns[asset], market, first, NextDay::left_out);
    for (std::size_t row = 0; row < rows; ++row)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(row * volatility_columns.size()),
                  volatility_columns.size(),
                  table.values.begin() +
                      static_cast<std::ptrdiff_t>((row * assets + asset) * volatility_columns.size()));
  }
  return table;
}

}  // namespace shoal
