// SPDX-License-Identifier: Apache-2.0
// ForecastTable: targets and what somebody forecast of them, whoever made the forecasts. A file of them is
// read by the rules of all tables (docs/formats.md).
//
// Example:
//
//   const shoal::ForecastTable table = shoal::read_forecasts(
//       "incumbent.csv", {.target = "return", .forecast = "var_99", .key = "asset", .time = "date"});
//   std::printf("%zu rows, %lld left out\n", table.target.size(), static_cast<long long>(table.left_out));
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// Names of columns; an empty one is not asked for.
struct ForecastColumns {
  std::string target, forecast;  ///< numbers
  std::string against = {};      ///< numbers: another forecast of the same target
  std::string shortfall = {};    ///< numbers: expected shortfall
  std::string key = {};          ///< text: whose row it is
  std::string time = {};         ///< times (docs/formats.md)
};

/// Columns without missing values, row by row; those that were not asked for are empty.
struct ForecastTable {
  ForecastColumns columns;
  std::vector<double> target, forecast, against, shortfall;  ///< [rows]
  std::vector<std::string> keys;                             ///< the different keys, in order of their bytes
  std::vector<std::int32_t> key;                             ///< [rows], places in `keys`
  std::vector<std::int32_t> time;                            ///< [rows], places in order of time
  std::int64_t left_out = 0;                                 ///< rows of which a column misses a value
  /// Where row i is, for messages: "incumbent.csv:17". Empty: "row 17", the first being row 0.
  std::function<std::string(std::size_t)> location = {};
  std::vector<std::string> notes = {};  ///< what was found out about the file, a sentence each: its delimiter
};

/// Reads the columns of a CSV or .npy file, compressed or not, or of all files of a pattern. `format` and
/// `time_format` say how they are written, as in TableOptions. Throws InvalidArgument when there is no such
/// column, DataError naming file, line and column: a text where a number is asked for, an infinity, a time
/// that is none, no row with a value in every column.
ForecastTable read_forecasts(const std::string& path, const ForecastColumns& columns,
                             const TableFormat& format = {}, const std::string& time_format = {});

}  // namespace shoal
