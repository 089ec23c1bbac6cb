// SPDX-License-Identifier: Apache-2.0
// Meta-batches of finite sources: parts of the keyed order of each epoch, which is drawn once per epoch.
#include "core/epoch_batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include <shoal/error.hpp>

#include "core/random.hpp"

namespace shoal {
namespace {

/// Oracle: draws the order of an epoch again for every call.
std::vector<std::int64_t> drawn_anew(std::uint64_t seed, Phase phase, std::int64_t iteration,
                                     std::int64_t tasks, std::int64_t size) {
  const std::int64_t count = std::min(tasks, size), batches = size / count;
  const auto order = permutation(
      seed, Purpose::epoch_order,
      static_cast<std::uint64_t>(iteration / batches) * 4 + static_cast<std::uint64_t>(phase), size);
  const auto first = order.begin() + iteration % batches * count;
  return {first, first + count};
}

TEST(EpochBatches, AreThoseOfOrdersDrawnAnewWhateverWasAskedBefore) {
  const EpochBatches batches(11);
  const std::int64_t iterations[] = {0, 1, 2, 40, 3, 0, 7, 7, 1000, 2};
  for (const std::int64_t iteration : iterations)
    for (const Phase phase : {Phase::train, Phase::test, Phase::validation})
      for (const std::int64_t size : {1, 5, 23})
        for (const std::int64_t tasks : {1, 4, 100})
          ASSERT_EQ(batches.indices(phase, iteration, tasks, size),
                    drawn_anew(11, phase, iteration, tasks, size))
              << to_string(phase) << " " << iteration << " " << size << " " << tasks;
}

TEST(EpochBatches, AnEpochCostsOneDraw) {
  const EpochBatches batches(1);
  for (std::int64_t iteration = 0; iteration < 250; ++iteration) {
    batches.indices(Phase::train, iteration, 10, 1000);
    if (iteration % 20 == 0) batches.indices(Phase::validation, iteration / 20 % 5, 10, 50);
  }
  EXPECT_EQ(batches.draws(), 3 + 1);  // training: 100 batches per epoch; the other phases: one epoch
}

TEST(EpochBatches, ThreadsMayAskForDifferentEpochsAtOnce) {
  const EpochBatches batches(3);
  std::vector<std::vector<std::vector<std::int64_t>>> found(4);
  {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < found.size(); ++t)
      threads.emplace_back([&, t] {
        for (std::int64_t i = 0; i < 60; ++i)
          found[t].push_back(batches.indices(Phase::train, i * static_cast<std::int64_t>(t + 1), 7, 64));
      });
    for (std::thread& thread : threads) thread.join();
  }
  for (std::size_t t = 0; t < found.size(); ++t)
    for (std::int64_t i = 0; i < 60; ++i)
      ASSERT_EQ(found[t][static_cast<std::size_t>(i)],
                drawn_anew(3, Phase::train, i * static_cast<std::int64_t>(t + 1), 7, 64));
}

TEST(EpochBatches, NothingToDrawFromIsRefused) {
  EXPECT_THROW(EpochBatches(1).indices(Phase::test, 0, 5, 0), DataError);
  EXPECT_THROW(EpochBatches(1).indices(Phase::test, 0, 0, 5), InvalidArgument);
}

}  // namespace
}  // namespace shoal
