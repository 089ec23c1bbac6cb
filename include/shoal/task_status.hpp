// SPDX-License-Identifier: Apache-2.0
// The status of a task (contract.md 1). A bad task leaves every mean, and changes nothing of any other task.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

enum class TaskStatus : std::uint8_t {
  good = 0,
  non_finite_input = 1,  ///< in its own rows; checked first, whatever K
  non_finite_inner = 2,  ///< support loss or an update of the inner loop
  non_finite_outer = 3,  ///< query loss or meta-gradient, or a magnitude above 2^60
  moved_too_far = 4,     ///< largest |phi - theta| above max_move
};

/// A sentence for people, e.g. "non-finite loss or gradient in the inner loop".
std::string_view describe(TaskStatus status);

/// One excluded task, for reports.
struct FailedTask {
  std::int64_t id = 0;
  TaskStatus status = TaskStatus::good;
  std::int32_t step = 0;  ///< inner step at which it was noticed; -1 = before the first
  std::string key = {};   ///< its name in the source (TaskSource::key_of); empty where ids are the only names
};

}  // namespace shoal
