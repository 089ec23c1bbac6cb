// SPDX-License-Identifier: Apache-2.0
#include "cli/summary_table.hpp"

#include <algorithm>
#include <cstdio>

#include "cli/failed_tasks.hpp"

namespace shoal::cli {

std::string text_table(const std::vector<StepSummary>& summaries) {
  std::string text = " steps       mean   +- 95 %     median       99 %     99.9 %   failed tasks\n";
  for (const StepSummary& s : summaries) {
    char line[160];
    std::snprintf(line, sizeof line, "%6d %10.5g %9.3g %10.5g %10.5g %10.5g   %lld of %lld (%.3g %%)\n",
                  s.steps, s.mean, s.half_width, s.median, s.q99, s.q999,
                  static_cast<long long>(s.tasks - s.good), static_cast<long long>(s.tasks),
                  100.0 * s.divergence_rate);
    text += line;
  }
  const auto worst = std::max_element(summaries.begin(), summaries.end(), [](const auto& a, const auto& b) {
    return a.failures.size() < b.failures.size();
  });
  if (worst == summaries.end() || worst->failures.empty()) return text;
  text += "failed after " + std::to_string(worst->steps) + " steps:\n";
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, worst->failures.size()); ++i) {
    const FailedTask& task = worst->failures[i];
    text += "  task " + task_name(task) + ", step " + std::to_string(task.step) + ": " +
            std::string(describe(task.status)) + "\n";
  }
  if (worst->failures.size() > most)
    text += "  and " + std::to_string(worst->failures.size() - most) + " more (--json lists all)\n";
  return text;
}

nlohmann::ordered_json json_failure(const FailedTask& task) {
  nlohmann::ordered_json json = {{"id", task.id}};
  if (!task.key.empty()) json["key"] = task.key;
  json["status"] = static_cast<int>(task.status);
  json["reason"] = describe(task.status);
  json["step"] = task.step;
  return json;
}

nlohmann::ordered_json json_failures(std::span<const FailedTask> tasks) {
  auto list = nlohmann::ordered_json::array();
  for (const FailedTask& task : tasks) list.push_back(json_failure(task));
  return list;
}

nlohmann::ordered_json json_table(const std::vector<StepSummary>& summaries) {
  auto list = nlohmann::ordered_json::array();
  for (const StepSummary& s : summaries) {
    nlohmann::ordered_json line = {{"steps", s.steps},
                                   {"tasks", s.tasks},
                                   {"good", s.good},
                                   {"mean", s.mean},
                                   {"half_width", s.half_width},
                                   {"median", s.median},
                                   {"q99", s.q99},
                                   {"q999", s.q999},
                                   {"divergence_rate", s.divergence_rate},
                                   {"failures", json_failures(s.failures)}};
    list.push_back(std::move(line));
  }
  return list;
}

}  // namespace shoal::cli
