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

BatchPartition GroupCosts::trials(std::int64_t tasks, const PerKind<std::int64_t>& tasks_of,
                                  const PerKind<bool>& allowed) {
  BatchPartition groups{};
  bool all_known = true;
  for (std::size_t k = 0; k < group_kinds; ++k)
    all_known = all_known && (!allowed[k] || kinds_[k].count >= enough);
  const bool again = all_known && ++calls_ >= next_trial_;
  const std::size_t first = again ? trials_ % group_kinds : 0;
  if (again && calls_ > next_trial_) {  // the second of the two calls
    next_trial_ += std::min(next_trial_, most_calls_between_trials);
    ++trials_;
  }
  const std::int64_t all_tasks = tasks;
  for (std::size_t i = 0; i < group_kinds; ++i) {
    const std::size_t k = (first + i) % group_kinds;
    if (!allowed[k] || tasks <= 0) continue;
    const std::int64_t measured = std::max<std::int64_t>(enough - kinds_[k].count, again ? 1 : 0);
    if (measured == 0) continue;
    // A last group with few tasks says nothing about a full one, but a small batch has no better.
    const auto room = [&](std::int64_t count) { return (count + tasks_of[k] / 2) / tasks_of[k]; };
    const std::int64_t wanted = std::min(measured + 1, room(all_tasks));
    if (room(tasks) >= std::min<std::int64_t>(wanted, 2)) groups[k] = std::min(wanted, room(tasks));
    tasks -= groups[k] * tasks_of[k];
  }
  return groups;
}

void TrialTimes::note(GroupKind kind, double seconds, bool warm) {
  Times& times = kinds_[kind];
  if (warm && !times.warm) times = {.warm = true};
  if (warm == times.warm && times.count < most)
    times.seconds[static_cast<std::size_t>(times.count++)] = seconds;
}

void TrialTimes::publish(GroupCosts& costs) const {
  for (const GroupKind kind : {full_group, half_group, single_task})
    if (kinds_[kind].warm || !costs.known(kind))
      for (int i = 0; i < kinds_[kind].count; ++i)
        costs.add(kind, kinds_[kind].seconds[static_cast<std::size_t>(i)]);
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
