// SPDX-License-Identifier: Apache-2.0
#include "cpu/batch_partition.hpp"

#include <algorithm>
#include <vector>

namespace shoal::cpu {

double makespan(const BatchPartition& groups, int threads, const PerKind<double>& seconds) {
  double round_time = 0.0;  // time of the whole rounds of the first kind, which all threads finish together
  bool first = true;
  std::vector<double> thread(static_cast<std::size_t>(threads), 0.0);
  for (std::size_t k = 0; k < group_kinds; ++k) {
    std::int64_t left = groups[k];
    if (first && left > 0) {
      const std::int64_t rounds = left / threads;
      round_time = static_cast<double>(rounds) * seconds[k];
      left -= rounds * threads;
      first = false;
    }
    for (; left > 0; --left) *std::min_element(thread.begin(), thread.end()) += seconds[k];
  }
  return round_time + *std::max_element(thread.begin(), thread.end());
}

BatchPartition partition_batch(std::int64_t tasks, int threads, const PerKind<std::int64_t>& tasks_of,
                               const PerKind<double>& seconds, const PerKind<bool>& usable) {
  // The caller may ask for any number of threads; more than there are tasks change nothing.
  threads = static_cast<int>(std::clamp<std::int64_t>(tasks, 1, threads));
  // The code and workspace of another kind are not in the caches: that costs some 5 to 10 % of a group (25
  // tasks, sine and market).
  constexpr double change_of_kind = 0.08;
  const double slowest = *std::max_element(seconds.begin(), seconds.end());
  BatchPartition best{};
  double least = -1.0;
  const auto consider = [&](const BatchPartition& partition) {
    int kinds = 0;
    for (std::size_t k = 0; k < group_kinds; ++k) {
      if (partition[k] > 0 && !usable[k]) return;
      kinds += partition[k] > 0 ? 1 : 0;
    }
    if (kinds == 0) return;
    const double time = makespan(partition, threads, seconds) + (kinds - 1) * change_of_kind * slowest;
    if (least >= 0.0 && time >= least) return;
    least = time;
    best = partition;
  };
  const auto groups_for = [&](std::int64_t left, GroupKind kind) {
    return (left + tasks_of[kind] - 1) / tasks_of[kind];
  };
  const std::int64_t most = usable[full_group] ? tasks / tasks_of[full_group] : 0;
  for (const std::int64_t full : {most, most / threads * threads, std::max<std::int64_t>(0, most - 1),
                                  std::max<std::int64_t>(0, most / threads - 1) * threads, std::int64_t{0}}) {
    const std::int64_t rest = tasks - full * tasks_of[full_group];
    consider({full + groups_for(rest, full_group), 0, 0});
    consider({full, 0, rest});
    if (!usable[half_group]) continue;
    const std::int64_t halves = rest / tasks_of[half_group];
    consider({full, groups_for(rest, half_group), 0});
    for (const std::int64_t half : {halves, halves / threads * threads})
      consider({full, half, rest - half * tasks_of[half_group]});
  }
  return best;
}

}  // namespace shoal::cpu
