// SPDX-License-Identifier: Apache-2.0
#include <shoal/table_times.hpp>

#include <utility>
#include <vector>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "data/column_store.hpp"
#include "data/file_columns.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

/// Rows that the rules for missing values will leave out need no time.
std::vector<bool> rows_with_time(const Column& column, std::size_t rows) {
  std::vector<bool> usable(rows, true);
  for (std::size_t row = 0; row < rows; ++row) usable[row] = !column.is_missing(row);
  return usable;
}

}  // namespace

struct TableTimes::State {
  explicit State(const TableOptions& options)
      : table(std::make_unique<FileColumns>(options.path, options.format), options.format,
              {request_for(options.time, ColumnType::text, "tasks.time")}),
        time(table, options, rows_with_time(table.text_column(options.time), table.rows())),
        name(options.time) {}

  ColumnStore table;
  Timeline time;
  std::string name;
};

TableTimes::TableTimes(const TableOptions& options) {
  const FloatEnvironment environment;
  if (options.path.empty() || options.time.empty())
    throw InvalidArgument("times need a table with a column of times (tasks.time)");
  state_ = std::make_unique<State>(options);
}

TableTimes::~TableTimes() = default;
TableTimes::TableTimes(TableTimes&&) noexcept = default;
TableTimes& TableTimes::operator=(TableTimes&&) noexcept = default;

std::int32_t TableTimes::count() const {
  return static_cast<std::int32_t>(state_->time.sorted().size());
}

std::int32_t TableTimes::boundary(const std::string& time, const std::string& key) const {
  return state_->time.boundary(time, key);
}

std::string TableTimes::text(std::int32_t rank) const {
  const Column& column = state_->table.text_column(state_->name);
  for (std::size_t row = 0; row < state_->table.rows(); ++row)
    if (!column.is_missing(row) && state_->time.rank(row) == rank) return state_->time.text(row);
  throw InvalidArgument("table times: there is no rank " + std::to_string(rank));
}

}  // namespace shoal
