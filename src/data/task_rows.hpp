// SPDX-License-Identifier: Apache-2.0
// TaskRows: which rows of a table make up which task, and why other rows are in none. It does not know
// features.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"
#include "data/row_flags.hpp"

namespace shoal {

/// The rows of a task: two ranges of TaskRows::order.
struct TableTask {
  std::int64_t id = 0;
  std::string key;  ///< text of the key (KeyedRows::text); with windows also the time of the first query row
  Phase phase = Phase::train;
  std::size_t support_begin = 0, support_end = 0, query_begin = 0, query_end = 0;
};

struct TaskRows {
  std::vector<std::int32_t> order;  ///< rows of the table; the rows of one key stand together
  std::vector<TableTask> tasks;     ///< in order of id
  LeftOut left_out;
  std::vector<std::int32_t> time_rank;  ///< by row of the table; empty without a time column

  const TableTask* find(std::int64_t id) const;
};

/// Makes tasks from the usable rows. Throws DataError for a missing key or time, when no task is left, for
/// equal times where windows need an order, and for more classes than support rows.
TaskRows make_task_rows(const ColumnStore& table, const TableOptions& options, const RowFlags& rows,
                        TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
