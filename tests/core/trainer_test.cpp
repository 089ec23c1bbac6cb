// SPDX-License-Identifier: Apache-2.0
// The training loop: when it stores what. A run that was stopped, killed or left by an exception of its
// caller continues bit for bit.
// Covers training_step.
#include <shoal/trainer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

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

/// A source that fails after some iterations.
class DyingSource : public QuadraticSource {
 public:
  explicit DyingSource(std::int64_t lived) : lived_(lived) {}
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    if (iteration == lived_) throw std::runtime_error("killed");
    return QuadraticSource::sample(phase, iteration, tasks);
  }

 private:
  std::int64_t lived_;
};

/// An exception of the caller that is no Error of the library.
struct Interrupt {
  std::int64_t iteration;
};

/// The function of the caller that throws.
enum class Thrower { observer, validation_observer, stop };

/// Options whose `thrower` throws at `iteration`; `told` collects the iterations that the observer was called
/// for.
TrainOptions interrupted(Thrower thrower, std::int64_t iteration, std::vector<std::int64_t>& told) {
  TrainOptions given = options();
  given.validate_every = 2;
  given.log_every = 3;
  given.observer = [=, &told](const TrainMetrics& metrics) {
    told.push_back(metrics.iteration);
    if (thrower == Thrower::observer && metrics.iteration == iteration) throw Interrupt{iteration};
  };
  if (thrower == Thrower::validation_observer)
    given.validation_observer = [=](const Validation& validation) {
      if (validation.iteration == iteration) throw Interrupt{iteration};
    };
  if (thrower == Thrower::stop)
    given.stop = [=, &told]() -> bool {
      if (told.back() == iteration) throw Interrupt{iteration};
      return false;
    };
  return given;
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
    EXPECT_THROW(train(first, DyingSource(die_at), options(), &store), std::runtime_error);
    EXPECT_EQ(store.saved_at().back(), die_at / 5 * 5) << "nothing is saved by who dies";
    auto second = learner<Real>();
    train(second, QuadraticSource(), options(), &store, StartFrom::checkpoint);
    expect_same(second, straight);
    expect_same(store, wanted);
  }
}

// The iteration is complete: it is in the store, and the learner has its state.
TYPED_TEST(TrainerOf, AnExceptionOfItsCallerLeavesACheckpoint) {
  using Real = TypeParam;
  std::vector<std::int64_t> told;
  MemoryStore<Real> wanted;
  auto straight = learner<Real>();
  train(straight, QuadraticSource(), interrupted(Thrower::observer, -1, told), &wanted);
  for (const Thrower thrower : {Thrower::observer, Thrower::validation_observer, Thrower::stop})
    for (const std::int64_t at : {2, 10, 14, 22, 23}) {
      if (at == 23 && thrower == Thrower::validation_observer) continue;  // no validation, so no call
      SCOPED_TRACE(std::to_string(static_cast<int>(thrower)) + " at " + std::to_string(at));
      auto first = learner<Real>(), second = learner<Real>(), shorter = learner<Real>();
      MemoryStore<Real> store;
      told.clear();
      try {
        train(first, QuadraticSource(), interrupted(thrower, at, told), &store);
        ADD_FAILURE() << "the exception was lost";
      } catch (const Interrupt& interrupt) {
        EXPECT_EQ(interrupt.iteration, at);
      }
      const std::vector<std::int64_t> saved_at = store.saved_at();
      EXPECT_EQ(saved_at.back(), at);
      EXPECT_EQ(std::count(saved_at.begin(), saved_at.end(), at), 1) << "once is enough";
      TrainOptions until = options();
      until.iterations = at;
      train<Real>(shorter, QuadraticSource(), until);
      expect_same(first, shorter);
      expect_same(store.saved.back(), shorter);

      train(second, QuadraticSource(), interrupted(Thrower::observer, -1, told), &store,
            StartFrom::checkpoint);
      expect_same(second, straight);
      expect_same(store, wanted);
      expect_same(store.saved.back().selection, wanted.saved.back().selection);
      const bool was_told = thrower != Thrower::validation_observer;
      EXPECT_EQ(std::count(told.begin(), told.end(), at), was_told ? 1 : 0) << "no iteration is told twice";
      EXPECT_EQ(told.size(), static_cast<std::size_t>(iterations) - (was_told ? 0 : 1));
    }
}

/// A store that is full after the first checkpoint.
template <class Real>
class FullStore : public MemoryStore<Real> {
 public:
  void save(const Checkpoint<Real>& checkpoint) override {
    if (!this->saved.empty()) throw ResourceError("no space left");
    MemoryStore<Real>::save(checkpoint);
  }
};

TYPED_TEST(TrainerOf, AStoreThatIsFullDoesNotReplaceTheExceptionOfItsCaller) {
  using Real = TypeParam;
  std::vector<std::int64_t> told;
  FullStore<Real> full;
  auto first = learner<Real>(), second = learner<Real>(), straight = learner<Real>();
  EXPECT_THROW(train(first, QuadraticSource(), interrupted(Thrower::observer, 4, told), &full), Interrupt);
  EXPECT_EQ(full.saved_at(), std::vector<std::int64_t>{0});
  MemoryStore<Real> store = full, wanted;  // never full
  train(second, QuadraticSource(), interrupted(Thrower::observer, -1, told), &store, StartFrom::checkpoint);
  train(straight, QuadraticSource(), interrupted(Thrower::observer, -1, told), &wanted);
  expect_same(second, straight);
  expect_same(store, wanted);
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
