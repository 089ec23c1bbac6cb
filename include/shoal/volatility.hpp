// SPDX-License-Identifier: Apache-2.0
// Volatility features of daily closing prices: what `shoal data get sp500 --features har` writes.
//
// Daily log returns r_t = 100 ln(P_t / P_{t-1}), in percent. The target of day t is r_t^2; everything else in
// row t is known at the close of day t-1, so no row looks ahead. The loss of a volatility model is QLIKE with
// `floor` = 0.01: a return below 0.1 % is mostly tick size, and (0.1 %)^2 = 0.01 in these units.
//
// Example:
//
//   #include <shoal/input_file.hpp>
//   #include <shoal/error.hpp>
//
//   const std::string csv = shoal::read_file<shoal::DataError>("prices.csv");
//   const shoal::PricePanel prices = shoal::parse_price_panel(csv, "prices.csv");
//   const shoal::VolatilityTable features = shoal::volatility_features(prices, "2015-01-01");
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Closing prices of several assets on the same dates.
struct PricePanel {
  std::vector<std::string> dates;   ///< ISO dates, strictly ascending
  std::vector<std::string> assets;  ///< column names, unique
  std::vector<double> close;        ///< [dates, assets], each finite and > 0
};

/// Reads wide CSV text `Date,A,B,...` with one line per day. Throws DataError, whose message names `source`,
/// line and column.
PricePanel parse_price_panel(std::string_view csv, const std::string& source);

/// The columns of a VolatilityTable, in order. h(lambda)_t is the EWMA variance forecast for day t: it starts
/// as the mean of the first 66 squared returns and continues as h_t = lambda h_{t-1} + (1 - lambda)
/// r_{t-1}^2. L(v) is ln max(v, 0.01).
inline constexpr std::array<std::string_view, 11> volatility_columns = {
    "squared_return",    // r_t^2, the target, percent^2
    "ln_ewma_variance",  // L(h(0.94)_t): RiskMetrics; also the offset, so that zero weights are this forecast
    "ln_ewma_variance_fast",  // L(h(0.85)_t)
    "ln_ewma_variance_slow",  // L(h(0.985)_t)
    "ln_mean_square_5",       // L(mean of r^2 over the 5 days before t): the HAR terms (Corsi 2009)
    "ln_mean_square_22",      // ... 22 days
    "ln_mean_square_66",      // ... 66 days
    "last_return",            // z = r_{t-1} / sqrt(max(h(0.94)_t, 0.01)), |z| <= 4.083 by construction
    "last_abs_return",        // |z|: with z, the leverage effect
    "ln_market_variance",     // L(EWMA variance, 0.94, of the equally weighted mean return of all assets)
    "log_return",             // r_t in percent: what happened on the day, not an input
};

/// Closing prices of one asset on the dates that it has.
struct PriceSeries {
  std::string asset;
  std::vector<std::string> dates;  ///< ISO dates, strictly ascending
  std::vector<double> close;       ///< each finite and > 0
};

/// Reads prices that need not be complete, as a column an asset (`date,A,B,...`; an empty cell: no price) or
/// as a line a price (columns `date`, `asset`, `close` in any order, others beside them). Lines may be in any
/// order. Assets are in order of their first appearance. Throws DataError, whose message names `source`, line
/// and column: a date that is none or not written YYYY-MM-DD, a price that is no positive number, a price
/// given twice.
std::vector<PriceSeries> parse_prices(std::string_view csv, const std::string& source);

/// Features of one asset, on every date that has 66 returns of the asset before it.
struct VolatilitySeries {
  std::string asset;
  std::vector<std::string> dates;
  std::vector<double> values;  ///< [dates, volatility_columns]; NaN: what is not known yet
};

/// Which rows volatility_series makes: those of the dates that have a price, or also one for the day after
/// the last of all dates, for every asset that has a price on that last date. Its squared_return and
/// log_return are NaN. The day after is the next weekday where no price is on a weekend, else the next date.
enum class NextDay { left_out, added };

/// The same features for assets that need not share their dates: returns are those from one price of an asset
/// to its next, and the market of a day is the mean of the returns that there are. Assets with too few prices
/// have no dates. For complete panels the values are those of volatility_features, bit for bit. Throws
/// InvalidArgument when a series breaks the rules of PriceSeries, and DataError when no asset has a date.
std::vector<VolatilitySeries> volatility_series(const std::vector<PriceSeries>& prices,
                                                NextDay next = NextDay::left_out);

/// CSV text `date,asset,` and volatility_columns, date by date, with nine significant digits; NaN is an empty
/// cell.
std::string volatility_csv(const std::vector<VolatilitySeries>& series);

/// Features in long form, for every asset on every date after the warm-up.
struct VolatilityTable {
  std::vector<std::string> dates;
  std::vector<std::string> assets;
  std::vector<double> values;  ///< [dates, assets, volatility_columns]

  double at(std::size_t date, std::size_t asset, std::size_t column) const {
    return values[(date * assets.size() + asset) * volatility_columns.size() + column];
  }
};

/// Computes the features above for every day from `first_date` that has 66 returns before it; earlier prices
/// only warm up. Throws InvalidArgument when the panel breaks the rules of PricePanel, and DataError when no
/// day is left. The bits are the same on every machine: the function uses IEEE double operations in a fixed
/// order and no libm.
VolatilityTable volatility_features(const PricePanel& prices, std::string_view first_date = "");

}  // namespace shoal
