// SPDX-License-Identifier: Apache-2.0
#include "cli/failed_tasks.hpp"

#include <algorithm>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/csv_text.hpp"

namespace shoal::cli {
namespace {

constexpr std::size_t shown = 3;     // tasks that a sentence names
constexpr std::size_t longest = 60;  // characters of a key in a sentence

}  // namespace

std::string task_name(const std::string& key, std::int64_t id) {
  if (key.empty()) return std::to_string(id);
  return quoted_text(key, longest);
}

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
  return std::to_string(failed) + " of " + std::to_string(tasks) + " tasks failed" +
         (names.empty() ? "" : ": " + first_of(names, static_cast<std::size_t>(failed)));
}

void require_few_failures(const std::vector<StepSummary>& summaries, double share) {
  const auto worst = std::max_element(
      summaries.begin(), summaries.end(),
      [](const StepSummary& a, const StepSummary& b) { return a.divergence_rate < b.divergence_rate; });
  if (worst == summaries.end() || worst->divergence_rate <= share) return;
  throw NumericError("after " + std::to_string(worst->steps) + (worst->steps == 1 ? " step " : " steps ") +
                     failure_text(worst->tasks - worst->good, worst->tasks, worst->failures) +
                     "; evaluate.max_failed_share = " + number_text(share) +
                     " allows no more than that share");
}

}  // namespace shoal::cli
