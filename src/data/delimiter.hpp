// SPDX-License-Identifier: Apache-2.0
// Opens a table that has the columns that are wanted, and finds out what separates its fields.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/row_reader.hpp"

namespace shoal {

struct OpenedTable {
  std::unique_ptr<RowReader> reader;  ///< before its first row
  TableFormat format;                 ///< with the delimiter that was found
  std::vector<std::size_t>
      column_indices;  ///< of the wanted columns in the file; `no_column` for the file's name
  std::string note;    ///< what was found out, when the options did not say it
};
inline constexpr std::size_t no_column = static_cast<std::size_t>(-1);

/// Fields are separated by the format's delimiter; when it has none by commas, unless wanted columns are then
/// missing and exactly one of semicolon, tab and bar yields them all. Throws DataError: a wanted column that
/// is missing or occurs twice; what the file cannot be read for.
OpenedTable open_with_columns(const std::string& path, const TableFormat& format,
                              const std::vector<std::string>& wanted);

}  // namespace shoal
