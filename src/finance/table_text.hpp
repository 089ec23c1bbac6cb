// SPDX-License-Identifier: Apache-2.0
// Formats the tables of prices and features as CSV. Numbers have nine significant digits, which determine a
// float uniquely.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/volatility.hpp>

namespace shoal::finance {

/// The text of a table and its number of data rows.
struct TableText {
  std::string csv;
  std::int64_t rows = 0;
};

/// `date,asset,close,log_return`: one row per asset and date except the first date. The return is in percent.
TableText price_table(const PricePanel& prices);
/// `date,asset,` and volatility_columns; the rows are ordered by date.
TableText volatility_table(const VolatilityTable& features);
/// The same of assets that need not share their dates; NaN is an empty cell.
TableText series_table(const std::vector<VolatilitySeries>& series);

/// A number as these tables write it; NaN as nothing.
void append_number(std::string& text, double value);

}  // namespace shoal::finance
