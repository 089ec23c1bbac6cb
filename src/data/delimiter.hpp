// SPDX-License-Identifier: Apache-2.0
// Opens a table, and detects its delimiter by the columns that it must have.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "data/row_reader.hpp"

namespace shoal {

/// The table lacks a column that is wanted.
class NoColumnError : public DataError {
 public:
  NoColumnError(const std::string& what, std::string column) : DataError(what), column_(std::move(column)) {}
  const std::string& column() const { return column_; }

 private:
  std::string column_;
};

struct OpenedTable {
  std::unique_ptr<RowReader> reader;  ///< positioned before the first row
  TableFormat format;                 ///< with the delimiter in use
  std::vector<std::size_t>
      /// [wanted] index of each column in the file; `no_column` for the file's name
      column_indices;
  std::string note;  ///< tells that the delimiter was detected; empty when the options say it
};
inline constexpr std::size_t no_column = static_cast<std::size_t>(-1);

/// Opens a table with the delimiter of `format`. If that is empty, uses commas, unless wanted columns are
/// then missing and exactly one of semicolon, tab and bar gives all of them. Throws NoColumnError for a
/// wanted column that is missing, DataError for one that occurs twice and when the file cannot be read.
OpenedTable open_with_columns(const std::string& path, const TableFormat& format,
                              const std::vector<std::string>& wanted);

}  // namespace shoal
