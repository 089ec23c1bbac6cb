// SPDX-License-Identifier: Apache-2.0
// Groups of a table's rows: by the year of their time, or by the text in a column.
//
// Example:
//
//   const shoal::RunConfig config = shoal::load_config("market.toml");
//   const shoal::RowGroups years = shoal::group_rows(config.tasks.table, "year");
//   for (const std::string& year : years.names) std::printf("%s\n", year.c_str());
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/memory_table.hpp>
#include <shoal/table_source.hpp>

namespace shoal {

struct RowGroups {
  std::vector<std::string> names;    ///< in ascending order
  std::vector<std::int32_t> of_row;  ///< [rows of the table] index of a name; -1: the row has no time
};

/// Groups the rows of the file or files that `options` name. `by` = "year": the year of options.time, in any
/// format that a table accepts, for weeks that of their Thursday; another `by` is the name of a column, also
/// one that no task uses, whose texts are the groups; a missing one is "(missing)". Throws InvalidArgument
/// for a column that is not there, and for years without options.time or of times that are whole numbers of
/// other than four digits; and DataError as reading a table does.
RowGroups group_rows(const TableOptions& options, const std::string& by);
/// The same of a table in memory.
RowGroups group_rows(std::span<const TableColumn> table, const TableOptions& options, const std::string& by);

}  // namespace shoal
