// SPDX-License-Identifier: Apache-2.0
// Lists the names of tasks in sentences.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <shoal/evaluation.hpp>
#include <shoal/task_source.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

/// The first three names, and the number of others: `"c1", "c7" and 4 more`.
std::string first_of(std::span<const std::string> names, std::size_t all);

/// Looks up the keys of failed tasks.
void name_failures(std::vector<FailedTask>& failures, const TaskSource& source);
void name_failures(std::vector<StepSummary>& summaries, const TaskSource& source);

}  // namespace shoal
