// SPDX-License-Identifier: Apache-2.0
// Failed tasks in words: which they are, and why they failed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/evaluation.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

/// A task for people: its key in quotes, harmless to a terminal and no longer than 60 characters, or its id
/// where it has none.
std::string task_name(const std::string& key, std::int64_t id);
inline std::string task_name(const FailedTask& task) {
  return task_name(task.key, task.id);
}

/// In order of key: `3 of 20 tasks failed: "c1" (fast weights moved ..., step 2), "c7" (...) and 1 more`.
std::string failure_text(std::int64_t failed, std::int64_t tasks, std::span<const FailedTask> failures);

/// Throws NumericError with the reasons when at any number of steps more than `share` of the tasks failed.
void require_few_failures(const std::vector<StepSummary>& summaries, double share);

}  // namespace shoal
