// SPDX-License-Identifier: Apache-2.0
// Computes the features asset by asset: returns, then recursions and moving sums. Every operation has a fixed
// order.
#include <algorithm>
#include <cmath>
#include <string>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/logarithm.hpp"

namespace shoal {
namespace {

constexpr std::size_t warm_up = 66;      // number of returns before the first row: the longest look-back
constexpr double variance_floor = 0.01;  // (0.1 %)^2 in percent^2
constexpr double risk_metrics = 0.94;
constexpr double fast = 0.85;
constexpr double slow = 0.985;

double log_variance(double variance) {
  return finance::natural_log(std::max(variance, variance_floor));
}

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

// The mean of squares[begin, end), added in order.
double mean_of(const std::vector<double>& squares, std::size_t begin, std::size_t end) {
  double sum = 0.0;
  for (std::size_t t = begin; t < end; ++t) sum += squares[t];
  return sum / static_cast<double>(end - begin);
}

// The forecasts h_t for t = warm_up .. size - 1, from the squares before t; element t - warm_up is h_t.
std::vector<double> ewma_variance(const std::vector<double>& squares, double decay) {
  std::vector<double> forecast;
  forecast.reserve(squares.size() - warm_up);
  double variance = mean_of(squares, 0, warm_up);
  for (std::size_t t = warm_up; t < squares.size(); ++t) {
    forecast.push_back(variance);
    variance = decay * variance + (1.0 - decay) * squares[t];
  }
  return forecast;
}

std::vector<double> squares_of(std::vector<double> values) {
  for (double& value : values) value *= value;
  return values;
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

  std::vector<std::vector<double>> returns;
  for (std::size_t asset = 0; asset < assets; ++asset) returns.push_back(log_returns(prices, asset));
  std::vector<double> market(days - 1, 0.0);
  for (std::size_t t = 0; t + 1 < days; ++t) {
    for (std::size_t asset = 0; asset < assets; ++asset) market[t] += returns[asset][t];
    market[t] /= static_cast<double>(assets);
  }
  const std::vector<double> market_variance = ewma_variance(squares_of(market), risk_metrics);

  VolatilityTable table;
  table.assets = prices.assets;
  table.dates.assign(prices.dates.end() - static_cast<std::ptrdiff_t>(rows), prices.dates.end());
  table.values.resize(rows * assets * volatility_columns.size());
  for (std::size_t asset = 0; asset < assets; ++asset) {
    const std::vector<double> squares = squares_of(returns[asset]);
    const std::vector<double> middle = ewma_variance(squares, risk_metrics);
    const std::vector<double> quick = ewma_variance(squares, fast);
    const std::vector<double> lasting = ewma_variance(squares, slow);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t t = first + row, h = t - warm_up;
      const double last = returns[asset][t - 1] / std::sqrt(std::max(middle[h], variance_floor));
      const std::array<double, volatility_columns.size()> values = {
          squares[t],
          log_variance(middle[h]),
          log_variance(quick[h]),
          log_variance(lasting[h]),
          log_variance(mean_of(squares, t - 5, t)),
          log_variance(mean_of(squares, t - 22, t)),
          log_variance(mean_of(squares, t - 66, t)),
          last,
          std::abs(last),
          log_variance(market_variance[h]),
      };
      std::copy(values.begin(), values.end(),
                table.values.begin() + static_cast<std::ptrdiff_t>((row * assets + asset) * values.size()));
    }
  }
  return table;
}

}  // namespace shoal
