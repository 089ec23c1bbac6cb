// SPDX-License-Identifier: Apache-2.0
// The partition of a batch by costs: every task is in a group, no kind is used that is not usable, and no
// other partition of a small batch is much faster (all are tried).
#include "cpu/batch_partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace shoal::cpu {
namespace {

constexpr PerKind<std::int64_t> sizes = {16, 8, 1};

/// Oracle: simulates threads that take the next group when they are free.
double played(const BatchPartition& groups, int threads, const PerKind<double>& seconds) {
  std::vector<double> busy(static_cast<std::size_t>(threads), 0.0);
  for (std::size_t k = 0; k < group_kinds; ++k)
    for (std::int64_t g = 0; g < groups[k]; ++g) *std::min_element(busy.begin(), busy.end()) += seconds[k];
  return *std::max_element(busy.begin(), busy.end());
}

PerKind<double> random_costs(std::mt19937_64& random) {
  std::uniform_real_distribution<double> share(0.3, 3.0);
  const double full = 16.0 * share(random);
  return {full, full * 0.5 * share(random), full / 16.0 * share(random)};
}

std::int64_t room(const BatchPartition& partition) {
  return partition[full_group] * sizes[full_group] + partition[half_group] * sizes[half_group] +
         partition[single_task];
}

TEST(BatchPartition, MakespanIsThatOfThreadsThatTakeTheNextGroup) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    const BatchPartition groups{static_cast<std::int64_t>(random() % 60),
                                static_cast<std::int64_t>(random() % 20),
                                static_cast<std::int64_t>(random() % 40)};
    const int threads = static_cast<int>(random() % 7) + 1;
    const auto seconds = random_costs(random);
    EXPECT_NEAR(makespan(groups, threads, seconds), played(groups, threads, seconds),
                1e-9 * (1.0 + played(groups, threads, seconds)));
  }
}

TEST(BatchPartition, EveryTaskIsInAGroupOfAUsableKind) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 3000; ++round) {
    const auto tasks = static_cast<std::int64_t>(random() % 200) + 1;
    PerKind<bool> usable{random() % 2 == 0, random() % 2 == 0, random() % 2 == 0};
    if (!usable[full_group] && !usable[single_task])
      usable[random() % 2 == 0 ? full_group : single_task] = true;
    const BatchPartition partition =
        partition_batch(tasks, static_cast<int>(random() % 8) + 1, sizes, random_costs(random), usable);
    EXPECT_GE(room(partition), tasks);
    EXPECT_LT(room(partition) - tasks, 16);
    for (std::size_t k = 0; k < group_kinds; ++k) EXPECT_TRUE(usable[k] || partition[k] == 0) << "kind " << k;
  }
}

TEST(BatchPartition, AnotherKindMustPayForTheChange) {
  // 25 tasks: two full groups take 32 units of time; a full group, a half group and a single task take 31.5
  // or 28.
  const PerKind<bool> all = {true, true, true};
  EXPECT_EQ(partition_batch(25, 1, sizes, {16.0, 13.5, 2.0}, all), (BatchPartition{2, 0, 0}));
  EXPECT_EQ(partition_batch(25, 1, sizes, {16.0, 9.0, 3.0}, all), (BatchPartition{1, 1, 1}));
  EXPECT_EQ(partition_batch(1024 + 9, 1, sizes, {16.0, 16.0, 1.5}, all), (BatchPartition{64, 0, 9}));
}

TEST(BatchPartition, NoOtherCutIsDoneMuchSooner) {
  std::mt19937_64 random(5);
  double worst = 1.0, sum = 0.0;
  constexpr int rounds = 400;
  for (int round = 0; round < rounds; ++round) {
    const auto tasks = static_cast<std::int64_t>(random() % 70) + 1;
    const int threads = static_cast<int>(random() % 4) + 1;
    // A single task costs at least as much as its share of a full group, and at most 3 times that.
    const auto seconds = random_costs(random);
    double least = 1e300;
    for (std::int64_t full = 0; full <= (tasks + 15) / 16; ++full)
      for (std::int64_t half = 0; half <= (std::max<std::int64_t>(0, tasks - 16 * full) + 7) / 8; ++half)
        least = std::min(least, played({full, half, std::max<std::int64_t>(0, tasks - 16 * full - 8 * half)},
                                       threads, seconds));
    const double chosen =
        played(partition_batch(tasks, threads, sizes, seconds, {true, true, true}), threads, seconds);
    worst = std::max(worst, chosen / least);
    sum += chosen / least;
  }
  EXPECT_LE(sum / rounds, 1.01);
  EXPECT_LE(worst, 1.2);  // the oracle ignores the cost of changing kinds
  std::printf("chosen cuts take %.4f of the best ones on average, %.3f at worst\n", sum / rounds, worst);
}

}  // namespace
}  // namespace shoal::cpu
