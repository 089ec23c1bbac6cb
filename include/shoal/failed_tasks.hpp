// SPDX-License-Identifier: Apache-2.0
// Failed tasks in words: which tasks failed, and why.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::MetaGradient<float> result = learner.meta_step(tasks);
//   std::vector<shoal::FailedTask> failures;
//   for (std::size_t t = 0; t < result.status.size(); ++t)
//     if (result.status[t] != shoal::TaskStatus::good)
//       failures.push_back({tasks.ids()[t], result.status[t], result.failed_step[t]});
//   std::cout << shoal::failure_text(static_cast<std::int64_t>(failures.size()), tasks.size(), failures);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/evaluation.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

/// Names a task for users: its key in quotes, safe for a terminal and at most 60 characters long, or its id
/// when it has no key.
std::string task_name(const std::string& key, std::int64_t id);
inline std::string task_name(const FailedTask& task) {
  return task_name(task.key, task.id);
}

/// Lists failed tasks, in order of key: `3 of 20 tasks failed: "c1" (fast weights moved ..., step 2), "c7"
/// (...) and 1 more`.
std::string failure_text(std::int64_t failed, std::int64_t tasks, std::span<const FailedTask> failures);

/// Throws NumericError with the reasons when more than `share` of the tasks (0 to 1) failed at any number of
/// steps.
void require_few_failures(const std::vector<StepSummary>& summaries, double share);

}  // namespace shoal
