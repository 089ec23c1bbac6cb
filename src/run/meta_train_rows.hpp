// SPDX-License-Identifier: Apache-2.0
// The rows of the meta-train tasks, to fit a baseline on.
#pragma once

#include <cstdint>

#include <shoal/task_batch.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

struct MetaTrainRows {
  TaskColumns columns;
  TaskSetStorage<double> rows;  ///< task by task, in order of id
};

/// Support and query rows of every meta-train task; of a source without an end those of the first `generated`
/// tasks. A row of a table that several tasks share (windows) is there once: in the first task that asks
/// about it, else in the first that adapts on it. Throws DataError where there are no meta-train tasks.
MetaTrainRows meta_train_rows(const TaskSource& source, std::int64_t generated);

}  // namespace shoal
