// SPDX-License-Identifier: Apache-2.0
#include "cli/summary_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <shoal/counted.hpp>
#include <shoal/failed_tasks.hpp>

namespace shoal::cli {
namespace {

/// Formats a number with `digits` digits in `width` columns; NaN is shown as "-".
std::string cell(double value, int width, int digits) {
  char text[32];
  if (std::isnan(value))
    std::snprintf(text, sizeof text, "%*s", width, "-");
  else
    std::snprintf(text, sizeof text, "%*.*g", width, digits, value);
  return text;
}

}  // namespace

std::string text_table(const std::vector<StepSummary>& summaries) {
  std::string text = " steps       mean   +- 95 %     median       99 %     99.9 %   failed tasks\n";
  for (const StepSummary& s : summaries) {
    char tail[80];
    std::snprintf(tail, sizeof tail, "   %lld of %lld (%.3g %%)\n", static_cast<long long>(s.tasks - s.good),
                  static_cast<long long>(s.tasks), 100.0 * s.divergence_rate);
    text += cell(s.steps, 6, 6) + cell(s.mean, 11, 5) + cell(s.half_width, 10, 3) + cell(s.median, 11, 5) +
            cell(s.q99, 11, 5) + cell(s.q999, 11, 5) + tail;
  }
  const auto worst = std::max_element(summaries.begin(), summaries.end(), [](const auto& a, const auto& b) {
    return a.failures.size() < b.failures.size();
  });
  if (worst == summaries.end() || worst->failures.empty()) return text;
  text += "failed after " + counted(worst->steps, "step", "steps") + ":\n";
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, worst->failures.size()); ++i) {
    const FailedTask& task = worst->failures[i];
    text += "  task " + task_name(task) + (task.step >= 0 ? ", step " + std::to_string(task.step) : "") +
            ": " + std::string(describe(task.status)) + "\n";
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

nlohmann::ordered_json json_losses(const Evaluation& evaluation) {
  auto list = nlohmann::ordered_json::array();
  const StepLosses<double>& losses = evaluation.losses;
  const std::size_t tasks = evaluation.tasks.size();
  for (std::size_t t = 0; t < tasks; ++t) {
    const ReportedTask& task = evaluation.tasks[t];
    nlohmann::ordered_json line = {{"id", task.id}, {"key", task.key}, {"phase", task.phase}};
    line["trained_on"] = task.trained_on ? nlohmann::ordered_json(*task.trained_on) : nullptr;
    for (std::size_t i = 0; i < losses.steps.size(); ++i) {
      line["loss"].push_back(losses.loss[i * tasks + t]);  // NaN becomes null
      line["status"].push_back(static_cast<int>(losses.status[i * tasks + t]));
    }
    list.push_back(std::move(line));
  }
  return list;
}

}  // namespace shoal::cli
