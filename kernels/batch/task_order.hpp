// SPDX-License-Identifier: Apache-2.0
// The order in which teams take tasks: falling number of rows, so that the last to be dealt are short, and
// tasks of equal size as they come. Bad tasks take no time and stand last: no team's share has a hole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace shoal::kernels {

/// All pointers are to device memory.
struct TaskOrderArguments {
  const std::int64_t* support_first = nullptr;  ///< [tasks + 1] rows begin; null: no rows
  const std::int64_t* query_first = nullptr;    ///< as support_first
  const std::uint8_t* status = nullptr;         ///< [tasks] bad: not 0; null: none is
  int tasks = 0;
  std::uint32_t* rows = nullptr;  ///< [tasks] for the kernels' own use
  std::int32_t* order = nullptr;  ///< [tasks] out
};

/// rows[t]: of both sides, 0 for a bad task; order[t] = t. Writes all; waits for nothing.
void launch_task_rows(const TaskOrderArguments& job, void* stream);

/// Gives device memory that stays until the stream has come past the work given next.
using ScratchMemory = std::function<void*(std::size_t bytes)>;

/// Sorts `order` by falling `rows`, stably. What the library throws is a std::runtime_error.
void sort_by_falling_rows(const TaskOrderArguments& job, const ScratchMemory& scratch, void* stream);

}  // namespace shoal::kernels
