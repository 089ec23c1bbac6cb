// SPDX-License-Identifier: Apache-2.0
// GroupCosts: the cost of a group of each kind for one problem, measured while the backend works.
//
// A cost is the median of the last few measurements, in processor seconds, so that other programs on the
// machine change it little. It is published again only when it has changed by more than a few per cent, so
// that plans do not change all the time. All kinds are measured again, one group at a time: often at first,
// because the first measurements are made with cold caches and untouched memory, then now and then, because a
// machine changes.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "cpu/group_kinds.hpp"

namespace shoal::cpu {

class GroupCosts {
 public:
  static constexpr int enough = 3;  ///< number of measurements after which a cost is known

  bool known(GroupKind kind) const { return kinds_[kind].count >= enough; }
  /// Seconds per pass of rows (group_passes() in cpu_backend.cpp) of a group. Needs known().
  double seconds(GroupKind kind) const { return kinds_[kind].published; }
  void add(GroupKind kind, double seconds);

  /// How many groups of each allowed kind the next batch of `tasks` tasks should try: some until all kinds
  /// are known; then some of each kind at the calls 4, 8, 16, ... 256 from there, and at every 256th, each
  /// time in two calls. The first group, or the first of the two calls, only warms the caches. Batches that
  /// are too small for all kinds begin with another kind each time.
  BatchPartition trials(std::int64_t tasks, const PerKind<std::int64_t>& tasks_of,
                        const PerKind<bool>& allowed);

 private:
  static constexpr int remembered = 5;
  static constexpr double least_move = 0.03;
  static constexpr std::int64_t most_calls_between_trials = 256;

  struct Kind {
    std::array<double, remembered> last{};
    int count = 0;
    double published = 0.0;
  };
  PerKind<Kind> kinds_;
  std::int64_t calls_ = 0, next_trial_ = 4;
  std::size_t trials_ = 0;
};

/// The times of the groups of one call. A group counts if the previous group on the same thread was of the
/// same kind. Other groups found cold caches and count only until the cost of their kind is known.
class TrialTimes {
 public:
  void note(GroupKind kind, double seconds, bool warm);
  void publish(GroupCosts& costs) const;

 private:
  static constexpr int most = 5;
  struct Times {
    std::array<double, most> seconds{};
    int count = 0;
    bool warm = false;
  };
  PerKind<Times> kinds_;
};

/// Costs by problem. The table is bounded, so that the memory of a process that sees ever new problems does
/// not grow.
class CostTable {
 public:
  using Key = std::vector<std::int64_t>;
  /// The costs of a problem, empty if it is new. The reference is valid until the next call.
  GroupCosts& of(const Key& key);
  const GroupCosts* find(const Key& key) const;

 private:
  static constexpr std::size_t most_problems = 256;
  std::map<Key, GroupCosts> costs_;
};

}  // namespace shoal::cpu
