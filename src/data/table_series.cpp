// SPDX-License-Identifier: Apache-2.0
#include <shoal/table_series.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/column_store.hpp"
#include "data/delimiter.hpp"
#include "data/file_columns.hpp"
#include "data/keyed_rows.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

KeySeries series_of(const ColumnStore& table, const TableOptions& options, const Column& column,
                    const Timeline& time, std::int32_t boundary, std::span<std::int32_t> rows) {
  const auto at = [](std::int32_t row) { return static_cast<std::size_t>(row); };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::int32_t a, std::int32_t b) { return time.rank(at(a)) < time.rank(at(b)); });
  KeySeries series;
  for (const std::string& name : options.key)
    series.key.push_back(value_text(table.key_column(name), at(rows.front())));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t row = at(rows[i]);
    if (i > 0 && time.rank(row) == time.rank(at(rows[i - 1])))
      throw DataError(table.location(row) + ": column \"" + options.time + "\": the key has the time " +
                      quoted_text(time.text(row)) + " twice");
    if (column.is_missing(row) && i + 1 < rows.size())
      throw DataError(table.location(row) + ": column \"" + column.name + "\": the value is missing");
    series.rows.push_back(rows[i]);
    series.times.push_back(time.text(row));
    series.values.push_back(column.is_missing(row) ? std::numeric_limits<double>::quiet_NaN()
                                                   : column.numbers[row]);
    if (time.rank(row) < boundary) series.past = i + 1;
  }
  return series;
}

KeyedRows::Missing missing_keys(const TableOptions& options) {
  return options.missing == MissingPolicy::mean ? KeyedRows::Missing::is_a_key : KeyedRows::Missing::refused;
}

ColumnStore columns_in(const TableOptions& options, const std::vector<ColumnRequest>& requests) {
  return {std::make_unique<FileColumns>(options.path, options.format), options.format, requests};
}

/// Columns of one type, as one table has them. Here the caller names the columns, not a configuration.
ColumnStore columns_in(const std::string& path, const std::vector<std::string>& names, ColumnType type,
                       const TableFormat& format = {}) {
  std::vector<ColumnRequest> requests;
  requests.reserve(names.size());
  for (const std::string& name : names) requests.push_back({name, type});
  try {
    return {std::make_unique<FileColumns>(path, format), format, requests};
  } catch (const NoColumnError& error) {
    throw InvalidArgument(error.what());
  }
}

/// The numbers of a column, NaN where a value is missing.
std::vector<double> numbers_of(const Column& column) {
  std::vector<double> numbers(column.numbers.begin(), column.numbers.end());
  for (std::size_t row = 0; row < numbers.size(); ++row)
    if (column.is_missing(row)) numbers[row] = std::numeric_limits<double>::quiet_NaN();
  return numbers;
}

}  // namespace

TableSeries read_series(const TableOptions& options, const std::string& column, const std::string& until,
                        const std::string& origin, const std::string& asked_by) {
  if (options.path.empty() || options.key.empty() || options.time.empty())
    throw InvalidArgument("a series needs a table with tasks.key and tasks.time");
  std::vector<ColumnRequest> requests = {request_for(column, ColumnType::number, asked_by),
                                         request_for(options.time, ColumnType::text, "tasks.time")};
  for (const std::string& name : options.key)
    requests.push_back(request_for(name, ColumnType::key, "tasks.key"));
  const ColumnStore table = columns_in(options, requests);
  const std::vector<bool> usable(table.rows(), true);
  const Timeline time(table, options, usable);
  const std::int32_t boundary = time.boundary(until, origin);
  KeyedRows keyed(table, options.key, usable, missing_keys(options));
  TableSeries series;
  for (std::size_t k = 0; k < keyed.keys(); ++k) {
    series.keys.push_back(series_of(table, options, table.column(column), time, boundary, keyed.rows(k)));
    series.keys.back().name = keyed.text(k);
  }
  std::sort(series.keys.begin(), series.keys.end(),
            [](const KeySeries& a, const KeySeries& b) { return a.key < b.key; });
  return series;
}

std::vector<TableKey> read_keys(const TableOptions& options) {
  if (options.path.empty() || options.key.empty()) throw InvalidArgument("keys need a table with tasks.key");
  std::vector<ColumnRequest> requests;
  requests.reserve(options.key.size());
  for (const std::string& name : options.key)
    requests.push_back(request_for(name, ColumnType::key, "tasks.key"));
  const ColumnStore table = columns_in(options, requests);
  std::vector<bool> usable(table.rows(), true);
  for (const std::string& name : options.key)
    for (std::size_t row = 0; options.missing == MissingPolicy::drop && row < table.rows(); ++row)
      if (table.key_column(name).is_missing(row)) usable[row] = false;
  KeyedRows keyed(table, options.key, usable, missing_keys(options));
  std::vector<TableKey> keys;
  keys.reserve(keyed.keys());
  for (std::size_t k = 0; k < keyed.keys(); ++k) {
    const auto row = static_cast<std::size_t>(keyed.rows(k).front());
    TableKey key{{}, keyed.text(k), task_id_of(keyed.text(k))};
    for (const std::string& name : options.key) {
      const Column& column = table.key_column(name);
      key.values.push_back(column.is_missing(row) ? "" : value_text(column, row));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::vector<double>> read_numbers(const std::string& path, const std::vector<std::string>& names,
                                              const TableFormat& format) {
  const ColumnStore table = columns_in(path, names, ColumnType::number, format);
  std::vector<std::vector<double>> values;
  values.reserve(names.size());
  for (const std::string& name : names) values.push_back(numbers_of(table.column(name)));
  return values;
}

std::vector<double> read_numbers(const TableOptions& options, const std::string& column,
                                 const std::string& asked_by) {
  return numbers_of(columns_in(options, {request_for(column, ColumnType::number, asked_by)}).column(column));
}

std::vector<std::vector<std::string>> read_texts(const std::string& path,
                                                 const std::vector<std::string>& names) {
  const ColumnStore table = columns_in(path, names, ColumnType::text);
  std::vector<std::vector<std::string>> values;
  values.reserve(names.size());
  for (const std::string& name : names) {
    const Column& column = table.text_column(name);
    std::vector<std::string> texts;
    texts.reserve(table.rows());
    for (std::size_t row = 0; row < table.rows(); ++row)
      texts.push_back(column.is_missing(row) ? "" : value_text(column, row));
    values.push_back(std::move(texts));
  }
  return values;
}

}  // namespace shoal
