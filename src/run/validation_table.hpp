// SPDX-License-Identifier: Apache-2.0
// A table to train on with validation tasks out of another table.
#pragma once

#include <memory>

#include <shoal/table_source.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// The tasks of `training`, and the test tasks of `validation` as validation tasks. Throws DataError when a
/// task is in both.
std::unique_ptr<TaskSource> with_validation_tasks(std::unique_ptr<TaskSource> training,
                                                  std::unique_ptr<TableSource> validation);

}  // namespace shoal
