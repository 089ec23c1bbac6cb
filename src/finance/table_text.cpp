// SPDX-License-Identifier: Apache-2.0
#include "finance/table_text.hpp"

#include <charconv>
#include <cstddef>

#include "finance/logarithm.hpp"

namespace shoal::finance {
namespace {

void append_number(std::string& text, double value) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 9);
  text.append(buffer, result.ptr);
}

void append_key(std::string& text, const std::string& date, const std::string& asset) {
  text += date;
  text += ',';
  text += asset;
}

}  // namespace

TableText price_table(const PricePanel& prices) {
  TableText table{"date,asset,close,log_return\n", 0};
  const std::size_t assets = prices.assets.size();
  for (std::size_t day = 1; day < prices.dates.size(); ++day) {
    for (std::size_t asset = 0; asset < assets; ++asset) {
      const double close = prices.close[day * assets + asset];
      append_key(table.csv, prices.dates[day], prices.assets[asset]);
      table.csv += ',';
      append_number(table.csv, close);
      table.csv += ',';
      append_number(table.csv, 100.0 * natural_log(close / prices.close[(day - 1) * assets + asset]));
      table.csv += '\n';
      ++table.rows;
    }
  }
  return table;
}

TableText volatility_table(const VolatilityTable& features) {
  TableText table{"date,asset", 0};
  for (const std::string_view column : volatility_columns) {
    table.csv += ',';
    table.csv += column;
  }
  table.csv += '\n';
  for (std::size_t day = 0; day < features.dates.size(); ++day) {
    for (std::size_t asset = 0; asset < features.assets.size(); ++asset) {
      append_key(table.csv, features.dates[day], features.assets[asset]);
      for (std::size_t column = 0; column < volatility_columns.size(); ++column) {
        table.csv += ',';
        append_number(table.csv, features.at(day, asset, column));
      }
      table.csv += '\n';
      ++table.rows;
    }
  }
  return table;
}

}  // namespace shoal::finance
