// SPDX-License-Identifier: Apache-2.0
#include <shoal/task_status.hpp>

namespace shoal {

std::string_view describe(TaskStatus status) {
  switch (status) {
    case TaskStatus::good:
      return "good";
    case TaskStatus::non_finite_input:
      return "a non-finite value in the task's own rows";
    case TaskStatus::non_finite_inner:
      return "non-finite loss or gradient in the inner loop";
    case TaskStatus::non_finite_outer:
      return "query loss or meta-gradient non-finite or above 2^60";
    case TaskStatus::moved_too_far:
      return "fast weights moved further than max_move";
  }
  return "unknown status";
}

}  // namespace shoal
