// SPDX-License-Identifier: Apache-2.0
// Which rows of a table make up which task, and why others are in none. Knows nothing of features.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"
#include "data/row_flags.hpp"

namespace shoal {

/// A task's rows: two ranges of TaskRows::order.
struct TableTask {
  std::int64_t id = 0;
  std::string key;  ///< as KeyedRows says; windows add the time of the first query row
  Phase phase = Phase::train;
  std::size_t support_begin = 0, support_end = 0, query_begin = 0, query_end = 0;
};

struct TaskRows {
  std::vector<std::int32_t> order;  ///< rows of the table, those of one key together
  std::vector<TableTask> tasks;     ///< in order of id
  LeftOut left_out;
  std::vector<std::int32_t> time_rank;  ///< by row of the table; empty when no column orders rows

  const TableTask* find(std::int64_t id) const;
};

/// Builds the tasks out of the usable rows. Throws DataError: a key or time that is missing, no task left,
/// equal times where windows need an order, more classes than support rows.
TaskRows make_task_rows(const ColumnStore& table, const TableOptions& options, const RowFlags& rows,
                        TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
