// SPDX-License-Identifier: Apache-2.0
// CSV text of the tables that get_dataset writes. Numbers have nine significant digits, which pin a float.
#pragma once

#include <cstdint>
#include <string>

#include <shoal/volatility.hpp>

namespace shoal::finance {

/// Text of a table and its number of data rows.
struct TableText {
  std::string csv;
  std::int64_t rows = 0;
};

/// `date,asset,close,log_return`: every asset on every date but the first; the return in percent.
TableText price_table(const PricePanel& prices);
/// `date,asset,` and volatility_columns, date by date.
TableText volatility_table(const VolatilityTable& features);

}  // namespace shoal::finance
