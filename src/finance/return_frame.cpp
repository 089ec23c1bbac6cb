// SPDX-License-Identifier: Apache-2.0
#include "finance/return_frame.hpp"

#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>

#include <shoal/error.hpp>

#include "finance/csv_line.hpp"
#include "finance/return_features.hpp"

namespace shoal::finance {
namespace {

double number_in(const std::string& cell, std::size_t line) {
  double number = 0.0;
  const char* const last = cell.data() + cell.size();
  const auto [end, error] = std::from_chars(cell.data(), last, number);
  if (error != std::errc() || end != last || !std::isfinite(number))
    throw DataError("line " + std::to_string(line) + ": '" + cell + "' is not a return");
  return number;
}

}  // namespace

FrameSize size_of_frame(const std::string& csv) {
  CsvLines lines(csv);
  std::vector<std::string> fields;
  FrameSize size;
  if (lines.next(fields)) size.columns = std::ssize(fields);
  for (; lines.next(fields); ++size.rows)
    if (std::ssize(fields) != size.columns)
      throw DataError("line " + std::to_string(lines.line()) + ": " + std::to_string(fields.size()) +
                      " fields, the header has " + std::to_string(size.columns));
  return size;
}

std::vector<VolatilitySeries> features_of_returns(const std::string& csv, std::size_t assets) {
  CsvLines lines(csv);
  std::vector<std::string> header, fields, dates;
  lines.next(header);
  std::vector<AssetReturns> returns(assets);
  for (std::size_t day = 0; lines.next(fields); ++day) {
    dates.push_back(fields.at(0));
    for (std::size_t a = 0; a < assets; ++a) {
      returns[a].days.push_back(day);
      returns[a].returns.push_back(number_in(fields.at(a + 1), lines.line()));
    }
  }
  if (dates.size() <= warm_up)
    throw DataError("no day has " + std::to_string(warm_up) + " returns before it");
  const std::vector<double> market = market_variance(returns, dates.size());
  std::vector<VolatilitySeries> series;
  series.reserve(assets);
  for (std::size_t a = 0; a < assets; ++a)
    series.push_back({header.at(a + 1),
                      {dates.begin() + static_cast<std::ptrdiff_t>(warm_up), dates.end()},
                      feature_rows(returns[a], market, warm_up, NextDay::left_out)});
  return series;
}

}  // namespace shoal::finance
