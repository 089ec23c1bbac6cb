// SPDX-License-Identifier: Apache-2.0
// Interruption: long calls look between chunks, what they look with ends them, and the chunks change no bit.
// Covers batch_chunks.
#include <shoal/interruption.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>
#include <thread>

#include "quadratic_backend.hpp"
#include "quadratic_tasks.hpp"

namespace shoal::testing {
namespace {

constexpr int long_adaptation =
    200'000;  // steps of a few tasks that are more work than the first chunk may have

template <class Values>
std::vector<char> bits(const Values& values) {
  std::vector<char> bytes(values.size() * sizeof(values[0]));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST(Interruption, TheNewestOfTheThreadIsAsked) {
  EXPECT_FALSE(Interruption::is_possible());
  Interruption::look();  // nobody is asked
  int outer_looks = 0, inner_looks = 0;
  const Interruption outer([&] { ++outer_looks; });
  {
    const Interruption inner([&] { ++inner_looks; });
    Interruption::look();
  }
  EXPECT_TRUE(Interruption::is_possible());
  Interruption::look();
  std::thread([] {
    EXPECT_FALSE(Interruption::is_possible());
    Interruption::look();
  }).join();
  EXPECT_EQ(outer_looks, 1);
  EXPECT_EQ(inner_looks, 1);
}

TEST(Interruption, LongCallsLookAndKeepTheirBits) {
  const TaskBatch tasks = random_tasks(3, 40);
  const auto learner = make_learner<float>(Maml{});
  const std::vector<int> steps{0, long_adaptation};
  const auto adapted = learner.adapt(tasks, long_adaptation);
  const auto evaluated = learner.evaluate(tasks, steps);
  int looks = 0;
  const Interruption interruption([&] { ++looks; });
  calls().clear();
  const auto adapted_again = learner.adapt(tasks, long_adaptation);
  EXPECT_GT(looks, 1);
  EXPECT_EQ(calls().size(), static_cast<std::size_t>(looks));
  EXPECT_LT(calls()[0], 40);
  const auto evaluated_again = learner.evaluate(tasks, steps);
  EXPECT_EQ(calls().size(), static_cast<std::size_t>(looks));
  EXPECT_EQ(bits(adapted.phi), bits(adapted_again.phi));
  EXPECT_EQ(adapted.status, adapted_again.status);
  EXPECT_EQ(bits(evaluated.loss), bits(evaluated_again.loss));
  EXPECT_EQ(evaluated.failed_step, evaluated_again.failed_step);
}

TEST(Interruption, ShortCallsStayWhole) {
  const TaskBatch tasks = random_tasks(3, 40);
  int looks = 0;
  const Interruption interruption([&] { ++looks; });
  calls().clear();
  make_learner<float>(Maml{}).adapt(tasks, 5);
  EXPECT_EQ(calls(), std::vector<std::int64_t>{40});
  EXPECT_EQ(looks, 1);
}

TEST(Interruption, WhatIsThrownEndsTheCall) {
  const TaskBatch tasks = random_tasks(3, 40);
  const auto learner = make_learner<float>(Maml{}, 10);
  const auto before = bits(learner.parameters().theta);
  const auto adapted = learner.adapt(tasks, 2);
  {
    int looks = 0;
    const Interruption interruption([&] {
      if (++looks == 3) throw std::runtime_error("enough");
    });
    calls().clear();
    EXPECT_THROW(learner.adapt(tasks, 2), std::runtime_error);
    EXPECT_EQ(calls(), (std::vector<std::int64_t>{10, 10}));
    looks = 2;
    EXPECT_THROW(learner.evaluate(tasks, std::vector<int>{1}), std::runtime_error);
    looks = 2;
    EXPECT_THROW(learner.predict(adapted, tasks.query(), tasks.columns()), std::runtime_error);
  }
  EXPECT_EQ(bits(learner.parameters().theta), before);
  EXPECT_EQ(bits(learner.adapt(tasks, 2).phi), bits(adapted.phi));
}

TEST(Interruption, TrainingStepsAreWhole) {
  const TaskBatch tasks = random_tasks(3, 40);
  auto learner = make_learner<float>(Maml{});
  const Interruption interruption([] { throw std::runtime_error("a step is no long call"); });
  EXPECT_NO_THROW(learner.meta_step(tasks));
}

}  // namespace
}  // namespace shoal::testing
