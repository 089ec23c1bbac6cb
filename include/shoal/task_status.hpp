// SPDX-License-Identifier: Apache-2.0
// The status of a task (docs/definitions.md). A task that failed is left out of every mean and does not
// change the result of any other task.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::FailedTask failed = {.id = 17, .status = shoal::TaskStatus::moved_too_far, .step = 3};
//   std::cout << "task " << failed.id << ": " << describe(failed.status) << '\n';
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

enum class TaskStatus : std::uint8_t {
  good = 0,
  non_finite_input = 1,  ///< a value of its own rows is not finite; checked first, for every K
  non_finite_inner = 2,  ///< a support loss or an update of the inner loop is not finite
  non_finite_outer = 3,  ///< the query loss or the meta-gradient is not finite or above 2^60
  moved_too_far = 4,     ///< the largest |phi - theta| is above max_move
};

/// Describes a status for users, e.g. "non-finite loss or gradient in the inner loop".
std::string_view describe(TaskStatus status);

/// One failed task, for reports.
struct FailedTask {
  std::int64_t id = 0;
  TaskStatus status = TaskStatus::good;
  std::int32_t step = 0;  ///< inner step at which it failed; -1 = before the first
  std::string key = {};   ///< its name in the source (TaskSource::key_of); empty where ids are the only names
};

}  // namespace shoal
