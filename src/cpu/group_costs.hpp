// SPDX-License-Identifier: Apache-2.0
// GroupCosts: what a group of each kind costs for one problem, measured while the backend works.
//
// A cost is the median of the last few measurements, in processor seconds, so that company on the machine
// moves it little. It is republished only when it has moved by more than a few per cent: plans do not
// flutter. All kinds are measured again, one group at a time: soon and often at first, since the first
// measurements are those of cold caches and of memory that nobody has touched yet, then now and then, since a
// machine changes.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "cpu/group_kinds.hpp"

namespace shoal::cpu {

class GroupCosts {
 public:
  static constexpr int enough = 3;  ///< measurements that make a cost known

  bool known(GroupKind kind) const { return kinds_[kind].count >= enough; }
  /// Seconds of a group with one pass of rows (group_passes() in cpu_backend.cpp). Needs known().
  double seconds(GroupKind kind) const { return kinds_[kind].published; }
  void add(GroupKind kind, double seconds);

  /// Groups of each kind that the next batch of `tasks` tasks should try, out of those allowed: until all are
  /// known, then some of each at the calls 4, 8, 16, ... 256 from there, and at every 256th, each time in two
  /// calls. A first group, or the first of the two calls, is there to warm the caches. A batch without room
  /// for all kinds begins with another one each time.
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

/// What the groups of one call took. Groups behind one of their own kind count, on the same thread: others
/// found cold caches, and count only as long as the cost of their kind is not known.
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

/// Costs by problem. Bounded: the memory of a process that sees ever new problems does not grow.
class CostTable {
 public:
  using Key = std::vector<std::int64_t>;
  /// Of a problem; fresh where it is new. The reference lives until the next call.
  GroupCosts& of(const Key& key);
  const GroupCosts* find(const Key& key) const;

 private:
  static constexpr std::size_t most_problems = 256;
  std::map<Key, GroupCosts> costs_;
};

}  // namespace shoal::cpu
