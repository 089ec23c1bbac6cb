// SPDX-License-Identifier: Apache-2.0
// Phases by share: exact to one key, whatever the keys contain, and no phase is empty that need not be.
#include "data/phase_shares.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace shoal {
namespace {

SplitOptions shares(double train, double validation, double test) {
  SplitOptions split;
  split.train = train;
  split.validation = validation;
  split.test = test;
  return split;
}

std::vector<KeyTasks> keys_of_one_task(std::int64_t count) {
  std::vector<KeyTasks> keys;
  for (std::int64_t k = 0; k < count; ++k) keys.push_back({k * 7919 + 13, 1});
  return keys;
}

std::array<std::int64_t, 3> tasks_by_phase(const std::vector<KeyTasks>& keys,
                                           const std::vector<Phase>& phases) {
  std::array<std::int64_t, 3> tasks{};
  for (std::size_t k = 0; k < keys.size(); ++k) tasks[static_cast<std::size_t>(phases[k])] += keys[k].tasks;
  return tasks;
}

using Counts = std::array<std::int64_t, 3>;

TEST(PhaseShares, AreMetAsCloselyAsWholeTasksAllow) {
  const auto of = [](std::int64_t count, const SplitOptions& split) {
    const auto keys = keys_of_one_task(count);
    const Counts first = tasks_by_phase(keys, phases_by_share(keys, split, 1));
    for (std::uint64_t seed = 2; seed < 30; ++seed)  // only which keys, not how many, is random
      EXPECT_EQ(tasks_by_phase(keys, phases_by_share(keys, split, seed)), first);
    return first;
  };
  const SplitOptions usual = shares(0.7, 0.15, 0.15);
  EXPECT_EQ(of(20, usual), (Counts{14, 3, 3}));
  EXPECT_EQ(of(1000, usual), (Counts{700, 150, 150}));
  EXPECT_EQ(of(10, usual), (Counts{7, 1, 2}));
  EXPECT_EQ(of(5, usual), (Counts{3, 1, 1}));
  EXPECT_EQ(of(4, usual), (Counts{2, 1, 1}));
  EXPECT_EQ(of(3, usual), (Counts{2, 0, 1}));
  EXPECT_EQ(of(1, usual), (Counts{1, 0, 0}));
  EXPECT_EQ(of(1, shares(0.1, 0.0, 0.9)), (Counts{1, 0, 0}));  // a training task is needed first of all
  EXPECT_EQ(of(7, shares(0.5, 0.0, 0.5)), (Counts{4, 0, 3}));
  EXPECT_EQ(of(9, shares(0.0, 0.5, 0.5)), (Counts{0, 4, 5}));
  EXPECT_EQ(of(11, shares(1.0, 0.0, 0.0)), (Counts{11, 0, 0}));
  EXPECT_EQ(of(11, shares(0.3, 0.7, 0.0)), (Counts{3, 8, 0}));
  EXPECT_EQ(of(10, shares(0.1 + 0.2, 0.7, 0.0)), (Counts{3, 7, 0}));
}

TEST(PhaseShares, AreMetWithinOneKeyOfManyTasks) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::vector<KeyTasks> keys;
    std::int64_t all = 0, largest = 0;
    for (std::size_t k = 1 + random() % 30; k-- > 0;) {
      keys.push_back(
          {static_cast<std::int64_t>(random() >> 1), 1 + static_cast<std::int64_t>(random() % 40)});
      all += keys.back().tasks;
      largest = std::max(largest, keys.back().tasks);
    }
    const double train = static_cast<double>(random() % 11) / 10.0;
    const double validation = (1.0 - train) * static_cast<double>(random() % 5) / 4.0;
    const SplitOptions split = shares(train, validation, 1.0 - train - validation);
    const Counts tasks = tasks_by_phase(keys, phases_by_share(keys, split, random()));
    const std::array<double, 3> wanted = {split.train, split.validation, split.test};
    for (std::size_t p = 0; p < 3; ++p) {
      EXPECT_LE(std::abs(static_cast<double>(tasks[p]) - wanted[p] * static_cast<double>(all)),
                static_cast<double>(largest) + 1e-6);
      EXPECT_TRUE(wanted[p] > 0.0 || tasks[p] == 0);
    }
  }
}

TEST(PhaseShares, AKeysRankIsItsOwn) {
  // Neither the order of the keys nor the choices of other seeds matter.
  auto keys = keys_of_one_task(50);
  const SplitOptions split = shares(0.5, 0.2, 0.3);
  const auto phases = phases_by_share(keys, split, 9);
  std::vector<KeyTasks> reversed(keys.rbegin(), keys.rend());
  auto again = phases_by_share(reversed, split, 9);
  std::reverse(again.begin(), again.end());
  EXPECT_EQ(phases, again);
  EXPECT_NE(phases, phases_by_share(keys, split, 10));
}

}  // namespace
}  // namespace shoal
