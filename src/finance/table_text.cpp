// SPDX-License-Identifier: Apache-2.0
#include "finance/table_text.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include "finance/csv_line.hpp"
#include "finance/logarithm.hpp"

namespace shoal::finance {
namespace {

void append_key(std::string& text, const std::string& date, const std::string& asset) {
  text += date;
  text += ',';
  text += csv_field(asset);
}

std::string header_of_features() {
  std::string header = "date,asset";
  for (const std::string_view column : volatility_columns) {
    header += ',';
    header += column;
  }
  return header + '\n';
}

}  // namespace

void append_number(std::string& text, double value) {
  if (std::isnan(value)) return;
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 9);
  text.append(buffer, result.ptr);
}

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
  TableText table{header_of_features(), 0};
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

TableText series_table(const std::vector<VolatilitySeries>& series) {
  std::map<std::string, std::vector<std::pair<std::size_t, std::size_t>>> by_date;  // series and place in it
  for (std::size_t s = 0; s < series.size(); ++s)
    for (std::size_t day = 0; day < series[s].dates.size(); ++day)
      by_date[series[s].dates[day]].emplace_back(s, day);
  TableText table{header_of_features(), 0};
  for (const auto& [date, places] : by_date)
    for (const auto& [s, day] : places) {
      append_key(table.csv, date, series[s].asset);
      for (std::size_t column = 0; column < volatility_columns.size(); ++column) {
        table.csv += ',';
        append_number(table.csv, series[s].values[day * volatility_columns.size() + column]);
      }
      table.csv += '\n';
      ++table.rows;
    }
  return table;
}

}  // namespace shoal::finance
