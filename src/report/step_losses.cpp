// SPDX-License-Identifier: Apache-2.0
#include "report/step_losses.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include <shoal/evaluation.hpp>

#include "run/model_metrics.hpp"

namespace shoal::report {

StepFacts tail_of(std::vector<double> losses) {
  StepFacts facts;
  const std::size_t count = losses.size(), worst = std::max<std::size_t>(1, count / 20);
  facts.tasks = static_cast<std::int64_t>(count);
  facts.mean = std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(count);
  facts.median = quantile(losses, 0.5);
  facts.p95 = quantile(losses, 0.95);
  std::sort(losses.begin(), losses.end(), std::greater<>());
  facts.worst = std::accumulate(losses.begin(), losses.begin() + static_cast<std::ptrdiff_t>(worst), 0.0) /
                static_cast<double>(worst);
  return facts;
}

std::vector<StepFacts> step_facts(const StepLosses<double>& losses, std::size_t tasks) {
  const std::vector<std::int64_t> common = good_everywhere(losses, tasks);
  if (common.empty()) return {};
  std::vector<StepFacts> lines;
  for (std::size_t s = 0; s < losses.steps.size(); ++s) {
    std::vector<double> good;
    good.reserve(common.size());
    for (const std::int64_t task : common)
      good.push_back(losses.loss[s * tasks + static_cast<std::size_t>(task)]);
    StepFacts facts = tail_of(std::move(good));
    facts.steps = losses.steps[s];
    for (std::size_t t = 0; t < tasks; ++t)
      facts.failed += losses.status[s * tasks + t] == TaskStatus::good ? 0 : 1;
    lines.push_back(facts);
  }
  return lines;
}

}  // namespace shoal::report
