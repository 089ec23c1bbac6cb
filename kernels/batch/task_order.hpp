// SPDX-License-Identifier: Apache-2.0
// The order in which teams take tasks: by falling number of rows, so that the last ones are short and teams
// finish together; tasks of equal size stay in the order of the batch. Bad tasks take no time and come last,
// so that every team gets its share of good ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace shoal::kernels {

/// All pointers are to device memory.
struct TaskOrderArguments {
  const std::int64_t* support_first = nullptr;  ///< [tasks + 1] first row of each task; null: no rows
  const std::int64_t* query_first = nullptr;    ///< as support_first
  const std::uint8_t* status = nullptr;         ///< [tasks] not 0 for a bad task; null: all are good
  int tasks = 0;
  std::uint32_t* rows = nullptr;  ///< [tasks] scratch
  std::int32_t* order = nullptr;  ///< [tasks] out
};

/// Writes rows[t], the rows of both sides (0 for a bad task), and order[t] = t. Does not wait for the stream.
void launch_task_rows(const TaskOrderArguments& job, void* stream);

/// Returns device memory that stays valid until the stream has finished the work that is submitted next.
using ScratchMemory = std::function<void*(std::size_t bytes)>;

/// Sorts `order` by falling `rows`, stably. Errors are thrown as std::runtime_error.
void sort_by_falling_rows(const TaskOrderArguments& job, const ScratchMemory& scratch, void* stream);

}  // namespace shoal::kernels
