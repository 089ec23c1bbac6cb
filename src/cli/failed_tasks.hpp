// SPDX-License-Identifier: Apache-2.0
// Failed tasks in words: by key, and why.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/evaluation.hpp>
#include <shoal/task_source.hpp>
#include <shoal/task_status.hpp>

namespace shoal::cli {

/// A task for people: its key in quotes, harmless and no longer than 60 characters, or its id where it has
/// none.
std::string task_name(const std::string& key, std::int64_t id);
inline std::string task_name(const FailedTask& task) {
  return task_name(task.key, task.id);
}

/// The first three, and how many more there are: `"c1", "c7" and 4 more`.
std::string first_of(std::span<const std::string> names, std::size_t all);

/// Gives failed tasks their keys.
void name_failures(std::vector<FailedTask>& failures, const TaskSource& source);
void name_failures(std::vector<StepSummary>& summaries, const TaskSource& source);

/// In order of key: `3 of 20 tasks failed: "c1" (fast weights moved ..., step 2), "c7" (...) and 1 more`.
std::string failure_text(std::int64_t failed, std::int64_t tasks, std::span<const FailedTask> failures);

/// Throws NumericError (exit 5) with the reasons when at any number of steps more than `share` of the tasks
/// failed.
void require_few_failures(const std::vector<StepSummary>& summaries, double share);

}  // namespace shoal::cli
