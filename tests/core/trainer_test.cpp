// SPDX-License-Identifier: Apache-2.0
// The training loop: what it stores when, and that a run which was stopped or died goes on bit for bit.
// Covers training_step.
#include <shoal/trainer.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

#include "expect_error.hpp"
#include "memory_store.hpp"
#include "quadratic_tasks.hpp"

namespace shoal::testing {
namespace {

constexpr std::int64_t iterations = 23;

TrainOptions options() {
  TrainOptions options;
  options.iterations = iterations;
  options.tasks_per_batch = 12;
  options.checkpoint_every = 5;
  return options;
}

template <class Real>
BasicMetaLearner<Real> learner() {
  const Optimizer optimizer{.kind = OptimizerKind::adamw,
                            .learning_rate = 0.02,
                            .weight_decay = 0.1,
                            .clip = 0.5,
                            .schedule = Schedule::cosine,
                            .iterations = iterations};
  return make_learner<Real>(MetaSgd{{.steps = 2, .learning_rate = 0.1}}, 5, optimizer);
}

template <class Real>
class TrainerOf : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(TrainerOf, Reals);

TYPED_TEST(TrainerOf, StoresCheckpointsAndMetrics) {
  using Real = TypeParam;
  auto trained = learner<Real>();
  MemoryStore<Real> store;
  TrainOptions given = options();
  given.log_every = 10;
  std::vector<TrainMetrics> observed;
  given.observer = [&](const TrainMetrics& metrics) { observed.push_back(metrics); };
  const TrainSummary summary = train(trained, QuadraticSource(), given, &store);
  EXPECT_EQ(summary.outcome, TrainOutcome::finished);
  EXPECT_EQ(summary.iteration, iterations);
  EXPECT_EQ(summary.tasks_seen, iterations * 12);
  EXPECT_EQ(store.logged(), (std::vector<std::int64_t>{10, 20, 23})) << "every tenth and the last";
  EXPECT_EQ(store.saved_at(), (std::vector<std::int64_t>{0, 5, 10, 15, 20, 23}));
  EXPECT_EQ(store.saved.back().parameters.theta, trained.parameters().theta);
  ASSERT_EQ(observed.size(), static_cast<std::size_t>(iterations));
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const TrainMetrics& metrics = observed[i];
    EXPECT_EQ(metrics.iteration, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(metrics.good + metrics.failed, 12);
    ASSERT_EQ(static_cast<std::size_t>(metrics.failed), metrics.failures.size());
    for (const FailedTask& task : metrics.failures) {
      EXPECT_EQ(task.id % 7, 2);
      EXPECT_EQ(task.status, TaskStatus::non_finite_input);
      EXPECT_EQ(task.step, -1);
    }
    failed += metrics.failed;
  }
  EXPECT_GT(failed, 20);
  EXPECT_EQ(summary.tasks_failed, failed);
  EXPECT_EQ(store.saved.back().tasks_failed, failed);
}

TYPED_TEST(TrainerOf, LearnsAndNeedsNoStore) {
  using Real = TypeParam;
  auto with = learner<Real>(), without = learner<Real>();
  MemoryStore<Real> store;
  train(with, QuadraticSource(), options(), &store);
  train<Real>(without, QuadraticSource(), options());
  expect_same(with, without);
  EXPECT_NE(with.parameters().theta, learner<Real>().parameters().theta);
}

TYPED_TEST(TrainerOf, GoesOnBitForBitAfterAStop) {
  using Real = TypeParam;
  auto straight = learner<Real>();
  MemoryStore<Real> wanted;
  train(straight, QuadraticSource(), options(), &wanted);
  for (const int stop_after : {1, 5, 8, 22, 23}) {
    MemoryStore<Real> store;
    auto first = learner<Real>();
    TrainOptions stopping = options();
    int asked = 0;
    stopping.stop = [&] { return ++asked == stop_after; };
    const TrainSummary half = train(first, QuadraticSource(), stopping, &store);
    EXPECT_EQ(half.iteration, stop_after);
    EXPECT_EQ(half.outcome, stop_after == iterations ? TrainOutcome::finished : TrainOutcome::stopped);
    EXPECT_EQ(store.saved_at().back(), stop_after) << "a stop leaves a checkpoint";
    auto second = learner<Real>();
    const TrainSummary rest = train(second, QuadraticSource(), options(), &store, StartFrom::checkpoint);
    EXPECT_EQ(rest.outcome, TrainOutcome::finished);
    EXPECT_EQ(rest.tasks_seen, iterations * 12);
    EXPECT_EQ(rest.tasks_failed, wanted.saved.back().tasks_failed);
    expect_same(second, straight);
    expect_same(store, wanted);
  }
}

TYPED_TEST(TrainerOf, GoesOnBitForBitAfterADeath) {
  using Real = TypeParam;
  auto straight = learner<Real>();
  MemoryStore<Real> wanted;
  train(straight, QuadraticSource(), options(), &wanted);
  for (const std::int64_t die_at : {2, 5, 13}) {
    MemoryStore<Real> store;
    auto first = learner<Real>();
    TrainOptions dying = options();
    dying.observer = [&](const TrainMetrics& metrics) {
      if (metrics.iteration == die_at) throw std::runtime_error("killed");
    };
    EXPECT_THROW(train(first, QuadraticSource(), dying, &store), std::runtime_error);
    auto second = learner<Real>();
    if (store.saved.empty()) store.log.clear();  // a store begins anew where nothing was saved
    train(second, QuadraticSource(), options(), &store, StartFrom::checkpoint);
    expect_same(second, straight);
    expect_same(store, wanted);
  }
}

TYPED_TEST(TrainerOf, IgnoresACheckpointUnlessAsked) {
  using Real = TypeParam;
  MemoryStore<Real> store;
  auto first = learner<Real>(), second = learner<Real>();
  train(first, QuadraticSource(), options(), &store);
  const TrainSummary again = train(second, QuadraticSource(), options(), &store);
  EXPECT_EQ(again.tasks_seen, iterations * 12);
  expect_same(first, second);
}

TEST(Trainer, RefusesOptionsOutOfRange) {
  auto trained = learner<float>();
  const auto expect_refusal = [&](auto spoil, const std::string& message) {
    TrainOptions bad = options();
    spoil(bad);
    expect_error<InvalidArgument>([&] { train<float>(trained, QuadraticSource(), bad); },
                                  "train: " + message);
  };
  expect_refusal([](TrainOptions& o) { o.iterations = -1; }, "iterations must be at least 0");
  expect_refusal([](TrainOptions& o) { o.tasks_per_batch = 0; }, "tasks_per_batch must be at least 1");
  expect_refusal([](TrainOptions& o) { o.checkpoint_every = -1; },
                 "checkpoint_every must be at least 0 (0 = at the end)");
  expect_refusal([](TrainOptions& o) { o.log_every = 0; }, "log_every must be at least 1");
}

}  // namespace
}  // namespace shoal::testing
