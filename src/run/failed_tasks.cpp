// SPDX-License-Identifier: Apache-2.0
#include <shoal/failed_tasks.hpp>

#include <algorithm>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "run/csv_text.hpp"
#include "run/task_names.hpp"

namespace shoal {
namespace {

constexpr std::size_t shown = 3;     // number of failures that a sentence gives reasons for
constexpr std::size_t longest = 60;  // largest number of characters of a key in a sentence

}  // namespace

std::string task_name(const std::string& key, std::int64_t id) {
  if (key.empty()) return std::to_string(id);
  return quoted_text(key, longest);
}

std::string failure_text(std::int64_t failed, std::int64_t tasks, std::span<const FailedTask> failures) {
  std::vector<FailedTask> first(std::min(failures.size(), shown));
  std::partial_sort_copy(
      failures.begin(), failures.end(), first.begin(), first.end(),
      [](const FailedTask& a, const FailedTask& b) { return a.key != b.key ? a.key < b.key : a.id < b.id; });
  std::vector<std::string> names;
  names.reserve(first.size());
  for (const FailedTask& task : first)
    names.push_back(task_name(task) + " (" + std::string(describe(task.status)) +
                    (task.step >= 0 ? ", step " + std::to_string(task.step) : "") + ")");
  return std::to_string(failed) + " of " + counted(tasks, "task", "tasks") + " failed" +
         (names.empty() ? "" : ": " + first_of(names, static_cast<std::size_t>(failed)));
}

void require_few_failures(const std::vector<StepSummary>& summaries, double share) {
  const auto worst = std::max_element(
      summaries.begin(), summaries.end(),
      [](const StepSummary& a, const StepSummary& b) { return a.divergence_rate < b.divergence_rate; });
  if (worst == summaries.end() || worst->divergence_rate <= share) return;
  throw NumericError("after " + counted(worst->steps, "step ", "steps ") +
                     failure_text(worst->tasks - worst->good, worst->tasks, worst->failures) +
                     "; evaluate.max_failed_share = " + number_text(share) +
                     " allows no more than that share");
}

}  // namespace shoal
