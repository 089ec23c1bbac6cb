// SPDX-License-Identifier: Apache-2.0
#include <shoal/forecast_table.hpp>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "core/float_environment.hpp"
#include "data/column_store.hpp"
#include "data/delimiter.hpp"
#include "data/file_columns.hpp"
#include "data/table_format.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

std::vector<ColumnRequest> requests_of(const ForecastColumns& columns) {
  std::vector<ColumnRequest> requests;
  for (const std::string* name : {&columns.target, &columns.forecast, &columns.against, &columns.shortfall})
    if (!name->empty()) requests.push_back({*name, ColumnType::number});
  if (!columns.key.empty()) requests.push_back({columns.key, ColumnType::key});
  if (!columns.time.empty()) requests.push_back({columns.time, ColumnType::text});
  return requests;
}

std::shared_ptr<const ColumnStore> open_columns(const std::string& path, const ForecastColumns& columns,
                                                const TableFormat& format) {
  try {
    return std::make_shared<ColumnStore>(std::make_unique<FileColumns>(path, format), format,
                                         requests_of(columns));
  } catch (const NoColumnError& error) {  // here the caller named the column, not a model
    throw InvalidArgument(error.what());
  }
}

std::vector<bool> complete_rows(const ColumnStore& store, const ForecastColumns& columns) {
  std::vector<bool> complete(store.rows(), true);
  const auto require = [&](const Column& column) {
    for (std::size_t row = 0; row < complete.size(); ++row)
      if (column.is_missing(row)) complete[row] = false;
  };
  for (const std::string* name : {&columns.target, &columns.forecast, &columns.against, &columns.shortfall})
    if (!name->empty()) require(store.column(*name));
  if (!columns.key.empty()) require(store.key_column(columns.key));
  if (!columns.time.empty()) require(store.text_column(columns.time));
  return complete;
}

void take_keys(ForecastTable& table, const Column& column, const std::vector<std::size_t>& rows) {
  const auto code_of = [&](std::size_t row) { return static_cast<std::size_t>(column.codes[row]); };
  std::vector<std::int32_t> place(column.levels.size(), -1);
  for (const std::size_t row : rows)
    if (place[code_of(row)] < 0) {
      place[code_of(row)] = 0;
      table.keys.push_back(column.levels[code_of(row)]);
    }
  std::sort(table.keys.begin(), table.keys.end());
  for (std::size_t level = 0; level < place.size(); ++level)
    if (place[level] == 0)
      place[level] = static_cast<std::int32_t>(
          std::lower_bound(table.keys.begin(), table.keys.end(), column.levels[level]) - table.keys.begin());
  table.key.reserve(rows.size());
  for (const std::size_t row : rows) table.key.push_back(place[code_of(row)]);
}

}  // namespace

ForecastTable read_forecasts(const std::string& path, const ForecastColumns& columns,
                             const TableFormat& format, const std::string& time_format) {
  const FloatEnvironment environment;
  if (columns.target.empty() || columns.forecast.empty())
    throw InvalidArgument("read_forecasts: needs the names of the columns of target and forecast");
  const auto store = open_columns(path, columns, format);
  const std::vector<bool> complete = complete_rows(*store, columns);
  auto rows = std::make_shared<std::vector<std::size_t>>();
  for (std::size_t row = 0; row < complete.size(); ++row)
    if (complete[row]) rows->push_back(row);
  if (rows->empty())
    throw DataError(store->name() + ": no row has a value in every column that is asked for");
  ForecastTable table;
  table.columns = columns;
  table.left_out = static_cast<std::int64_t>(store->rows() - rows->size());
  table.notes = store->notes();
  const auto take = [&](const std::string& name, std::vector<double>& values) {
    if (name.empty()) return;
    const Column& column = store->column(name);
    values.reserve(rows->size());
    for (const std::size_t row : *rows) values.push_back(column.numbers[row]);
  };
  take(columns.target, table.target);
  take(columns.forecast, table.forecast);
  take(columns.against, table.against);
  take(columns.shortfall, table.shortfall);
  if (!columns.key.empty()) take_keys(table, store->key_column(columns.key), *rows);
  if (!columns.time.empty()) {
    TableOptions options;
    options.time = columns.time;
    options.time_format = time_format;
    const Timeline timeline(*store, options, complete);
    table.time.reserve(rows->size());
    for (const std::size_t row : *rows) table.time.push_back(timeline.rank(row));
  }
  table.location = [store, rows](std::size_t row) { return store->location((*rows)[row]); };
  return table;
}

}  // namespace shoal
