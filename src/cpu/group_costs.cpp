// SPDX-License-Identifier: Apache-2.0
#include "cpu/group_costs.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::cpu {

void GroupCosts::add(GroupKind which, double seconds) {
  Kind& kind = kinds_[which];
  kind.last[static_cast<std::size_t>(kind.count % remembered)] = seconds;
  ++kind.count;
  const int filled = std::min(kind.count, remembered);
  std::array<double, remembered> sorted = kind.last;
  std::nth_element(sorted.begin(), sorted.begin() + filled / 2, sorted.begin() + filled);
  const double median = sorted[static_cast<std::size_t>(filled / 2)];
  if (kind.count <= remembered || std::abs(median - kind.published) > least_move * kind.published)
    kind.published = median;
}

BatchCut GroupCosts::trials(std::int64_t tasks, const PerKind<std::int64_t>& tasks_of,
                            const PerKind<bool>& allowed) {
  BatchCut groups{};
  const bool again = ++calls_ % calls_between_trials == 0;
  for (std::size_t k = 0; k < group_kinds; ++k) {
    if (!allowed[k] || tasks <= 0) continue;
    const std::int64_t wanted = std::max<std::int64_t>(enough - kinds_[k].count, again ? 1 : 0);
    // A last group that is hardly filled says nothing of a full one, but a small batch has no better.
    groups[k] = std::clamp<std::int64_t>(wanted, 0, (tasks + tasks_of[k] / 2) / tasks_of[k]);
    tasks -= groups[k] * tasks_of[k];
  }
  return groups;
}

GroupCosts& CostTable::of(const Key& key) {
  if (costs_.size() >= most_problems && !costs_.contains(key)) costs_.clear();
  return costs_[key];
}

const GroupCosts* CostTable::find(const Key& key) const {
  const auto found = costs_.find(key);
  return found == costs_.end() ? nullptr : &found->second;
}

}  // namespace shoal::cpu
