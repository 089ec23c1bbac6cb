// SPDX-License-Identifier: Apache-2.0
// Measured costs: stable medians; trials until a kind is known, and now and then afterwards; bounded memory.
#include "cpu/group_costs.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace shoal::cpu {
namespace {

constexpr PerKind<std::int64_t> sizes = {16, 8, 1};
constexpr PerKind<bool> all = {true, true, true};

TEST(GroupCosts, AMedianThatOneOddMeasurementDoesNotMove) {
  GroupCosts costs;
  EXPECT_FALSE(costs.known(full_group));
  for (const double seconds : {1.0, 50.0, 1.0, 1.0, 1.0}) costs.add(full_group, seconds);
  EXPECT_TRUE(costs.known(full_group));
  EXPECT_EQ(costs.seconds(full_group), 1.0);
  EXPECT_FALSE(costs.known(single_task));
}

TEST(GroupCosts, SmallMovesAreNotPublishedLargeOnesAre) {
  GroupCosts costs;
  for (int i = 0; i < 5; ++i) costs.add(half_group, 1.0);
  for (int i = 0; i < 5; ++i) costs.add(half_group, 1.02);
  EXPECT_EQ(costs.seconds(half_group), 1.0);
  for (int i = 0; i < 5; ++i) costs.add(half_group, 1.3);
  EXPECT_EQ(costs.seconds(half_group), 1.3);
}

TEST(GroupCosts, TriesUntilAKindIsKnownAndNowAndThen) {
  GroupCosts costs;
  EXPECT_EQ(costs.trials(1000, sizes, all), (BatchPartition{4, 4, 4}));
  EXPECT_EQ(costs.trials(1000, sizes, {false, true, false}), (BatchPartition{0, 4, 0}));
  // Never more groups than the batch has tasks for.
  EXPECT_EQ(costs.trials(16, sizes, all), (BatchPartition{1, 0, 0}));
  EXPECT_EQ(costs.trials(25, sizes, all), (BatchPartition{2, 0, 0}));
  EXPECT_EQ(costs.trials(1, sizes, all), (BatchPartition{0, 0, 1}));
  EXPECT_EQ(costs.trials(0, sizes, all), BatchPartition{});
  for (int i = 0; i < 3; ++i)
    for (const GroupKind kind : {full_group, half_group, single_task}) costs.add(kind, 1.0);
  // After the first, cold measurements, warm ones follow soon.
  std::vector<int> again;
  for (int call = 1; call <= 1100; ++call) {
    const BatchPartition trial = costs.trials(1000, sizes, all);
    if (trial == BatchPartition{}) continue;
    EXPECT_EQ(trial, (BatchPartition{2, 2, 2}));
    again.push_back(call);
  }
  EXPECT_EQ(again, (std::vector<int>{4,   5,   8,   9,   16,  17,  32,  33,  64,   65,
                                     128, 129, 256, 257, 512, 513, 768, 769, 1024, 1025}));
}

TEST(GroupCosts, SmallBatchesTryOneKindAfterAnother) {
  for (const std::int64_t tasks : {1, 4, 8, 16}) {
    GroupCosts costs;
    PerKind<bool> allowed = {tasks >= 8, tasks >= 4, true};
    for (int i = 0; i < 3; ++i)
      for (const GroupKind kind : {full_group, half_group, single_task}) costs.add(kind, 1.0);
    BatchPartition tried{};
    for (int call = 0; call < 40; ++call) {
      const BatchPartition trial = costs.trials(tasks, sizes, allowed);
      for (std::size_t k = 0; k < group_kinds; ++k) tried[k] += trial[k];
    }
    for (std::size_t k = 0; k < group_kinds; ++k)
      EXPECT_EQ(tried[k] > 0, allowed[k]) << tasks << " tasks, kind " << k;
  }
}

TEST(TrialTimes, ColdGroupsCountOnlyWhereThereAreNoWarmOnes) {
  GroupCosts costs;
  TrialTimes times;
  for (const bool warm : {false, true, true, true}) times.note(full_group, warm ? 1.0 : 9.0, warm);
  for (int i = 0; i < 3; ++i) times.note(half_group, 5.0, false);
  times.publish(costs);
  EXPECT_EQ(costs.seconds(full_group), 1.0);
  EXPECT_EQ(costs.seconds(half_group), 5.0);
  EXPECT_FALSE(costs.known(single_task));
  EXPECT_TRUE(costs.known(full_group));
  TrialTimes cold;
  for (int i = 0; i < 5; ++i) cold.note(half_group, 9.0, false);
  cold.publish(costs);
  EXPECT_EQ(costs.seconds(half_group), 5.0);  // already known
  costs = {};
  times.note(single_task, 2.0, true);
  times.note(single_task, 7.0, false);  // a cold measurement of another thread may arrive late
  times.publish(costs);
  for (int i = 0; i < 2; ++i) costs.add(single_task, 2.0);
  EXPECT_EQ(costs.seconds(single_task), 2.0);
}

TEST(CostTable, DoesNotGrowWithoutEnd) {
  CostTable table;
  for (std::int64_t problem = 0; problem < 100000; ++problem) table.of({problem}).add(full_group, 1.0);
  std::int64_t found = 0;
  for (std::int64_t problem = 0; problem < 100000; ++problem) found += table.find({problem}) != nullptr;
  EXPECT_GE(found, 1);
  EXPECT_LE(found, 256);
}

}  // namespace
}  // namespace shoal::cpu
