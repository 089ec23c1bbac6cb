// SPDX-License-Identifier: Apache-2.0
#include "run/task_names.hpp"

#include <algorithm>

namespace shoal {
namespace {

constexpr std::size_t shown = 3;  // number of tasks that a sentence names

}  // namespace

std::string first_of(std::span<const std::string> names, std::size_t all) {
  std::string text;
  const std::size_t named = std::min(names.size(), shown);
  for (std::size_t i = 0; i < named; ++i) text += (i > 0 ? ", " : "") + names[i];
  return all > named ? text + " and " + std::to_string(all - named) + " more" : text;
}

void name_failures(std::vector<FailedTask>& failures, const TaskSource& source) {
  for (FailedTask& task : failures) task.key = source.key_of(task.id);
}

void name_failures(std::vector<StepSummary>& summaries, const TaskSource& source) {
  for (StepSummary& summary : summaries) name_failures(summary.failures, source);
}

}  // namespace shoal
