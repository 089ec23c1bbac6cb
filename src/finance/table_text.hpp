// SPDX-License-Identifier: Apache-2.0
// Formats the tables of get_dataset as CSV. Numbers have nine significant digits, which determine a float
// uniquely.
#pragma once

#include <cstdint>
#include <string>

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

}  // namespace shoal::finance
