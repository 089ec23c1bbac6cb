// SPDX-License-Identifier: Apache-2.0
#include <shoal/row_groups.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "core/float_environment.hpp"
#include "data/column_store.hpp"
#include "data/file_columns.hpp"
#include "data/memory_columns.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

/// Names in ascending order; `texts` [rows], null where a row is in no group.
RowGroups named(const std::vector<const std::string*>& texts) {
  RowGroups groups;
  for (const std::string* text : texts)
    if (text && (groups.names.empty() || groups.names.back() != *text)) groups.names.push_back(*text);
  std::sort(groups.names.begin(), groups.names.end());
  groups.names.erase(std::unique(groups.names.begin(), groups.names.end()), groups.names.end());
  groups.of_row.reserve(texts.size());
  for (const std::string* text : texts)
    groups.of_row.push_back(
        text ? static_cast<std::int32_t>(std::lower_bound(groups.names.begin(), groups.names.end(), *text) -
                                         groups.names.begin())
             : -1);
  return groups;
}

RowGroups by_year(std::unique_ptr<ColumnReader> reader, const TableOptions& options) {
  if (options.time.empty()) throw InvalidArgument("--by year: the table has no tasks.time");
  const ColumnStore table(std::move(reader), options.format, {{options.time, ColumnType::text}});
  const Column& column = table.text_column(options.time);
  std::vector<bool> has_time(table.rows());
  for (std::size_t row = 0; row < has_time.size(); ++row) has_time[row] = !column.is_missing(row);
  const Timeline times(table, options, has_time);
  std::vector<std::string> years(table.rows());
  std::vector<const std::string*> texts(table.rows(), nullptr);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    if (!has_time[row]) continue;
    const auto year = times.year(row);
    if (!year)
      throw InvalidArgument("--by year: " + table.location(row) + ": column " + quoted_text(options.time) +
                            ": " + quoted_text(times.text(row)) + " is a whole number, which has no year");
    years[row] = std::to_string(*year);
    texts[row] = &years[row];
  }
  return named(texts);
}

RowGroups by_column(std::unique_ptr<ColumnReader> reader, const TableOptions& options,
                    const std::string& name) {
  if (!reader->has_columns({}, {name}))
    throw InvalidArgument("--by " + quoted_text(name) + ": " + reader->name() + " has no such column");
  const ColumnStore table(std::move(reader), options.format, {{name, ColumnType::text}});
  const Column& column = table.text_column(name);
  const std::string missing(missing_key);
  std::vector<const std::string*> texts;
  texts.reserve(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row)
    texts.push_back(column.is_missing(row) ? &missing
                                           : &column.levels[static_cast<std::size_t>(column.codes[row])]);
  return named(texts);
}

RowGroups groups_in(std::unique_ptr<ColumnReader> reader, const TableOptions& options,
                    const std::string& by) {
  const FloatEnvironment environment;
  return by == "year" ? by_year(std::move(reader), options) : by_column(std::move(reader), options, by);
}

}  // namespace

RowGroups group_rows(const TableOptions& options, const std::string& by) {
  return groups_in(std::make_unique<FileColumns>(options.path, options.format), options, by);
}

RowGroups group_rows(std::span<const TableColumn> table, const TableOptions& options, const std::string& by) {
  return groups_in(std::make_unique<MemoryColumns>(table, options.format), options, by);
}

}  // namespace shoal
