// SPDX-License-Identifier: Apache-2.0
#include "results.hpp"

#include <algorithm>
#include <utility>

namespace shoal::bench {

void Results::add(Result result) {
  const auto same =
      std::find_if(results_.begin(), results_.end(), [&](const Result& r) { return r.name == result.name; });
  if (same == results_.end())
    results_.push_back(std::move(result));
  else if (!same->failed())
    *same = std::move(result);
}

const Result* Results::find(const RowName& name) const {
  for (const Result& result : results_)
    if (result.name == name) return &result;
  return nullptr;
}

std::optional<Ratio> Results::times_reference(const Result& result) const {
  const Result* base = nullptr;
  for (const Result& other : results_) {
    if (other.name.backend != "reference" || other.failed()) continue;
    if (other.name.shape != result.name.shape || other.name.work != result.name.work) continue;
    const bool same = other.name.tasks == result.name.tasks;
    if (base == nullptr || same || other.name.tasks > base->name.tasks) base = &other;
    if (same) break;
  }
  if (base == nullptr || result.failed()) return std::nullopt;
  return Ratio{result.tasks_per_second / base->tasks_per_second, base->name.tasks != result.name.tasks};
}

std::optional<double> Results::times_best_other(const Result& result) const {
  double best = 0.0;
  for (const Result& other : results_)
    if (!other.failed() && other.name.same_work_as(result.name) && other.name.backend != result.name.backend)
      best = std::max(best, other.tasks_per_second);
  if (best == 0.0 || result.failed()) return std::nullopt;
  return result.tasks_per_second / best;
}

}  // namespace shoal::bench
