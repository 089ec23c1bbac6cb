// SPDX-License-Identifier: Apache-2.0
// Which rows of a table make up which task: keys, order in time, windows, splits. Knows nothing of features.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"

namespace shoal {

/// A task's rows: two ranges of TaskRows::order.
struct TableTask {
  std::int64_t id = 0;
  std::string key;  ///< columns joined by '/'; windows add the time of the first query row
  Phase phase = Phase::train;
  std::size_t support_begin = 0, support_end = 0, query_begin = 0, query_end = 0;
};

/// Whether the split of the options applies, or every task is a test task (a model meets new data).
enum class Phases { split, all_test };

struct TaskRows {
  std::vector<std::int32_t>
      order;                     ///< rows of the table, those of one key together, in order of time or file
  std::vector<TableTask> tasks;  ///< in order of id
  std::int64_t too_short = 0;    ///< keys (or windows' keys) with too few rows
  std::int64_t straddling = 0;   ///< tasks whose query rows lie on both sides of a boundary in time

  const TableTask* find(std::int64_t id) const;
};

/// Builds the tasks out of the rows with `usable` set. Throws DataError: a key or time that is missing, no
/// task left, equal times where windows need an order.
TaskRows make_task_rows(const ColumnStore& table, const TableOptions& options,
                        const std::vector<bool>& usable, Phases phases, std::uint64_t seed);

}  // namespace shoal
