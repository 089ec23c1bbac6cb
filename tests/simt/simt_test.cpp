// SPDX-License-Identifier: Apache-2.0
// The SIMT layer itself: the faults that it reports, the memory that it poisons, and that its orders differ.
// tests/cuda/remove_barriers.py shows that ThreadSanitizer sees the order that barriers make.
#include "simt/simt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "simt/cuda_words.hpp"

namespace simt {
namespace {

class Simt : public ::testing::Test {
 protected:
  void TearDown() override {
    set_order(Order::forward);
    take_fault();
  }
};

TEST_F(Simt, EveryThreadOfEveryBlockRunsOnce) {
  for (const Order order : {Order::forward, Order::reverse, Order::random}) {
    set_order(order, 3);
    std::vector<int> runs(3 * 70);
    run_blocks(3, 70, 0, [&] {
      EXPECT_EQ(gridDim.x, 3u);
      ++runs[blockIdx.x * blockDim.x + threadIdx.x];
    });
    EXPECT_EQ(runs, std::vector<int>(runs.size(), 1));
    EXPECT_EQ(take_fault(), "");
  }
}

TEST_F(Simt, OrdersDifferForThreadsAndBlocks) {
  const auto order_of = [](Order order, std::uint64_t seed) {
    set_order(order, seed);
    std::vector<unsigned> came(200);
    std::atomic<std::size_t> next{0};
    run_blocks(5, 40, 0, [&] { came[next++] = blockIdx.x * 40 + threadIdx.x; });
    return came;
  };
  const std::vector<unsigned> forward = order_of(Order::forward, 0);
  EXPECT_TRUE(std::is_sorted(forward.begin(), forward.end()));
  std::vector<unsigned> reverse = order_of(Order::reverse, 0);
  std::reverse(reverse.begin(), reverse.end());
  EXPECT_EQ(reverse, forward);
  const std::vector<unsigned> one = order_of(Order::random, 1);
  EXPECT_NE(one, forward);
  EXPECT_EQ(order_of(Order::random, 1), one);
  EXPECT_NE(order_of(Order::random, 2), one);
}

TEST_F(Simt, SharedMemoryStartsAsNaNInEveryBlock) {
  run_blocks(3, 1, 64, [] {
    auto* const words = static_cast<float*>(shared_memory());
    for (int i = 0; i < 16; ++i) {
      EXPECT_TRUE(std::isnan(words[i]));
      words[i] = 1.0f;
    }
  });
}

TEST_F(Simt, BarriersWaitAndVotesCount) {
  for (const Order order : {Order::forward, Order::reverse, Order::random}) {
    set_order(order, 5);
    std::vector<int> before(96), after(96);
    run_blocks(1, 96, 0, [&] {
      const unsigned t = threadIdx.x;
      before[t] = 1;
      __syncthreads();
      after[t] = std::accumulate(before.begin(), before.end(), 0);
      EXPECT_EQ(__any_sync(0xffffffffu, t == 40), t / 32 == 1);
      EXPECT_TRUE(__syncthreads_or(t == 95));
      EXPECT_FALSE(__syncthreads_or(0));
    });
    EXPECT_EQ(after, std::vector<int>(96, 96));
    EXPECT_EQ(take_fault(), "");
  }
}

TEST_F(Simt, ABarrierThatSomeNeverReachIsAFault) {
  run_blocks(1, 33, 0, [] {
    if (threadIdx.x != 32) __syncthreads();
  });
  EXPECT_EQ(take_fault(), "a barrier that some of 33 threads wait at and the others never reach");
  EXPECT_EQ(take_fault(), "");
  run_blocks(1, 64, 0, [] {
    if (threadIdx.x != 40) __syncwarp();
  });
  EXPECT_NE(take_fault(), "");
}

TEST_F(Simt, BarriersOfDifferentKindsDoNotMeet) {
  run_blocks(1, 64, 0, [] {
    if (threadIdx.x < 32)
      __syncthreads();
    else
      __syncthreads_or(1);
  });
  EXPECT_EQ(take_fault(), "threads of one group wait at barriers of different kinds");
}

TEST_F(Simt, AsynchronousCopiesArriveWhenTheyAreWaitedFor) {
  const std::vector<float> from = {1, 2, 3, 4, 5, 6};
  std::vector<float> to(6, 0.0f);
  run_blocks(1, 1, 0, [&] {
    copies().start(&to[0], &from[0], 4);
    copies().end_group();
    copies().start(&to[1], &from[1], 16);
    copies().end_group();
    copies().start(&to[5], &from[5], 4);
    EXPECT_TRUE(std::isnan(to[0]));
    finish_copies(1);
    EXPECT_EQ(to[0], 1.0f) << "all groups but the last";
    EXPECT_TRUE(std::isnan(to[1]) && std::isnan(to[4]) && std::isnan(to[5]));
    finish_copies(0);
  });
  EXPECT_EQ(to, from);
  EXPECT_EQ(take_fault(), "");
}

TEST_F(Simt, ASourceThatChangesUnderACopyIsAFault) {
  float from[2] = {1, 2}, to[2] = {};
  run_blocks(1, 1, 0, [&] {
    copies().start(to, from, 8);
    from[1] = 3;
    finish_copies(0);
  });
  EXPECT_NE(take_fault(), "");
}

TEST_F(Simt, LaunchesThatNoDeviceTakesAreFaults) {
  int runs = 0;
  const std::pair<unsigned, unsigned> shapes[] = {{0, 32}, {1, 0}, {1, 1025}};
  for (const auto& [grid, block] : shapes) {
    run_blocks(grid, block, 0, [&] { ++runs; });
    EXPECT_NE(take_fault().find("invalid configuration"), std::string::npos);
  }
  run_blocks(1, 32, most_shared_bytes + 1, [&] { ++runs; });
  EXPECT_NE(take_fault().find("invalid configuration"), std::string::npos);
  EXPECT_EQ(runs, 0);
}

}  // namespace
}  // namespace simt
