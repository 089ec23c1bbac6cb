// SPDX-License-Identifier: Apache-2.0
// Columns of a table as they are, beside the tasks that are made of it: the series of one column key by key
// in order of time, and columns of numbers.
//
// Example:
//
//   const shoal::RunConfig config = shoal::load_config("market.toml");
//   const shoal::TableSeries series =
//       shoal::read_series(config.tasks.table, "log_return", "2006-01-01", "--until");
//   const shoal::KeySeries& first = series.keys.front();
//   const auto past = std::span(first.values).first(first.past);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// One key's rows in order of time.
struct KeySeries {
  std::vector<std::string> key;    ///< texts of the key columns
  std::string name;                ///< as TableSource::key_of names a task without windows
  std::vector<std::int64_t> rows;  ///< of the table; 0 is the first after the header
  std::vector<std::string> times;  ///< texts of the file
  std::vector<double> values;      ///< of the column; the last may be NaN: its day has not ended
  std::size_t past = 0;            ///< how many rows lie before the boundary
};

struct TableSeries {
  std::vector<KeySeries> keys;  ///< in order of their texts, column by column
};

/// Reads one column of numbers of every key of `options.key`, whatever tasks the options cut. `until`: a time
/// as tasks.split.test_from names one; `origin` names it in messages, and `asked_by` the column. Throws
/// DataError for a column that is not there, for a value that is missing (but in the last row of a key) or no
/// number, and for a key that has one time twice; InvalidArgument without options.key or options.time, and
/// for a boundary that is no time.
TableSeries read_series(const TableOptions& options, const std::string& column, const std::string& until,
                        const std::string& origin, const std::string& asked_by = "risk.return");

/// One key of a table.
struct TableKey {
  std::vector<std::string> values;  ///< texts of the key columns; empty where one is missing
  std::string name;                 ///< as tasks.hold_out writes it
  std::int64_t id = 0;              ///< of its task, where it has one only (no windows)
};
/// The keys of a table, in the order in which its options group them. Throws DataError for a missing key
/// (without options.missing = mean) and InvalidArgument without options.key.
std::vector<TableKey> read_keys(const TableOptions& options);

/// Columns of numbers of a CSV or .npy file, one vector per name: [names][rows]; NaN where a value is
/// missing. Throws DataError for text that is no number (with its line) and InvalidArgument for a column that
/// is not there.
std::vector<std::vector<double>> read_numbers(const std::string& path, const std::vector<std::string>& names,
                                              const TableFormat& format = {});
/// The same of one column of a configuration's table, which the key `asked_by` names: here a column that is
/// not there is a DataError.
std::vector<double> read_numbers(const TableOptions& options, const std::string& column,
                                 const std::string& asked_by);
/// The same of texts, as the file writes them; empty where a value is missing.
std::vector<std::vector<std::string>> read_texts(const std::string& path,
                                                 const std::vector<std::string>& names);

}  // namespace shoal
