// SPDX-License-Identifier: Apache-2.0
// Validation during training: what it reports, which model it chooses, when it ends the training. A run that
// is stopped, killed or extended must equal the run that is never interrupted.
#include <shoal/model_selection.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "expect_error.hpp"
#include "memory_store.hpp"
#include "quadratic_tasks.hpp"

namespace shoal::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t iterations = 40, every = 3;

TrainOptions options(std::int64_t count = iterations) {
  TrainOptions options;
  options.iterations = count;
  options.tasks_per_batch = 6;
  options.checkpoint_every = 7;
  options.validate_every = every;
  return options;
}

/// Steps large enough for the validation loss to go up and down.
template <class Real>
BasicMetaLearner<Real> learner(std::int64_t count = iterations, Schedule schedule = Schedule::constant) {
  return make_learner<Real>(
      MetaSgd{{.steps = 2, .learning_rate = 0.1}}, 5,
      {.kind = OptimizerKind::adam, .learning_rate = 0.5, .schedule = schedule, .iterations = count});
}

/// A finished training with all its results.
template <class Real>
struct Trained {
  explicit Trained(const TrainOptions& options, BasicMetaLearner<Real> given = learner<Real>())
      : model(std::move(given)), summary(train(model, QuadraticSource(), options, &store)) {}
  /// Continues from what `begun` has stored.
  Trained(const MemoryStore<Real>& begun, const TrainOptions& options,
          BasicMetaLearner<Real> given = learner<Real>())
      : store(begun),
        model(std::move(given)),
        summary(train(model, QuadraticSource(), options, &store, StartFrom::checkpoint)) {}

  void expect_is(const Trained& other) const {
    expect_same(model, other.model);
    expect_same(store, other.store);
    expect_same(store.saved.back().selection, other.store.saved.back().selection);
    EXPECT_EQ(store.saved.back().parameters.theta, other.store.saved.back().parameters.theta);
    EXPECT_EQ(store.saved.back().optimizer.first, other.store.saved.back().optimizer.first);
    EXPECT_EQ(summary.iteration, other.summary.iteration);
    EXPECT_EQ(summary.selected_iteration, other.summary.selected_iteration);
    EXPECT_EQ(summary.validation_loss, other.summary.validation_loss);
  }

  MemoryStore<Real> store;
  BasicMetaLearner<Real> model;
  TrainSummary summary;
};

template <class Real>
class ModelSelectionOf : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ModelSelectionOf, Reals);

// Every point of the curve is the loss of a training of that length; the kept model is the one at the first
// lowest point.
TYPED_TEST(ModelSelectionOf, TheCurveIsThatOfShorterTrainingsAndTheBestIsKept) {
  using Real = TypeParam;
  TrainOptions observed = options();
  std::vector<Validation> seen;
  observed.validation_observer = [&](const Validation& validation) { seen.push_back(validation); };
  const Trained<Real> trained(observed);
  ASSERT_EQ(trained.store.validations.size(), static_cast<std::size_t>(iterations / every));
  ASSERT_EQ(seen.size(), trained.store.validations.size());
  const auto tasks = as<Real>(QuadraticSource().evaluation(Phase::validation, 1000));
  Validation lowest;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Validation& validation = trained.store.validations[i];
    expect_same(validation, seen[i]);
    ASSERT_EQ(validation.iteration, static_cast<std::int64_t>(i + 1) * every);
    TrainOptions shorter = options(validation.iteration);
    shorter.validate_every = 0;
    const Trained<Real> alone(shorter);
    const int steps[] = {2};
    const StepSummary summary = summarize(alone.model.evaluate(tasks, steps), tasks.ids()).front();
    EXPECT_EQ(validation.loss, summary.mean);
    EXPECT_EQ(validation.good, summary.good);
    EXPECT_EQ(validation.failed, 143) << "one task in seven of 1,000 is bad";
    if (i > 0 && validation.loss >= lowest.loss) continue;
    lowest = validation;
    if (trained.summary.selected_iteration != validation.iteration) continue;
    EXPECT_EQ(trained.model.parameters().theta, alone.model.parameters().theta);
    EXPECT_EQ(trained.model.parameters().rates, alone.model.parameters().rates);
  }
  EXPECT_EQ(trained.summary.selected_iteration, lowest.iteration);
  EXPECT_EQ(trained.summary.validation_loss, lowest.loss);
  EXPECT_NE(lowest.iteration, seen.back().iteration) << "the case must tell the best from the last";
  EXPECT_NE(trained.store.saved.back().parameters.theta, trained.model.parameters().theta)
      << "checkpoints hold the last";
}

TYPED_TEST(ModelSelectionOf, LooksChangeNothingOfTheTraining) {
  using Real = TypeParam;
  TrainOptions last = options(), blind = options();
  last.keep = Keep::last;
  blind.validate_every = 0;
  const Trained<Real> with(last), without(blind);
  expect_same(with.model, without.model);
  EXPECT_EQ(with.summary.selected_iteration, iterations);
  EXPECT_FALSE(with.summary.validation_loss) << "40 is no multiple of 3";
  last.iterations = 39;
  EXPECT_EQ(Trained<Real>(last).summary.validation_loss, with.store.validations.back().loss);
  EXPECT_EQ(without.summary.selected_iteration, iterations);
  EXPECT_FALSE(without.summary.validation_loss);
  EXPECT_FALSE(without.store.saved.back().selection.latest);
}

TYPED_TEST(ModelSelectionOf, AStopOrADeathAtAnyIterationChangesNothing) {
  using Real = TypeParam;
  const Trained<Real> straight(options());
  for (std::int64_t at = 1; at < iterations; ++at) {
    TrainOptions ends = options();
    int asked = 0;
    ends.stop = [&] { return ++asked == at; };
    const Trained<Real> stopped(ends);
    ASSERT_EQ(stopped.summary.outcome, TrainOutcome::stopped);
    Trained<Real>(stopped.store, options()).expect_is(straight);

    MemoryStore<Real> store;
    auto dying = learner<Real>();
    TrainOptions dies = options();
    dies.observer = [&](const TrainMetrics& metrics) {
      if (metrics.iteration == at) throw std::runtime_error("killed");
    };
    EXPECT_THROW(train(dying, QuadraticSource(), dies, &store), std::runtime_error);
    Trained<Real>(store, options()).expect_is(straight);
  }
}

// An extended training equals one that was long from the start, whatever its first length and the metrics
// that it wrote.
TYPED_TEST(ModelSelectionOf, ALongerTrainingIsTheOneThatBeganSo) {
  using Real = TypeParam;
  TrainOptions longer = options();
  longer.log_every = 6;
  const Trained<Real> straight(longer);
  for (std::int64_t first = 0; first <= iterations; ++first) {
    TrainOptions shorter = options(first);
    shorter.log_every = first % 2 ? 3 : 2;
    shorter.keep = first % 3 ? Keep::best : Keep::last;
    const Trained<Real> begun(shorter);
    Trained<Real>(begun.store, longer).expect_is(straight);
  }
}

TYPED_TEST(ModelSelectionOf, PatienceEndsATraining) {
  using Real = TypeParam;
  const Trained<Real> whole(options());
  const auto& curve = whole.store.validations;
  for (std::int64_t patience = 1; patience <= 3; ++patience) {
    // The first validation after `patience` validations in a row without a new lowest loss, or none.
    std::int64_t wanted = iterations, without_gain = 0;
    Validation lowest{.loss = nan};
    for (const Validation& validation : curve) {
      const bool gain = !(validation.loss >= lowest.loss);
      if (gain) lowest = validation;
      without_gain = gain ? 0 : without_gain + 1;
      if (without_gain == patience) {
        wanted = validation.iteration;
        break;
      }
    }
    TrainOptions patient = options();
    patient.patience = patience;
    patient.log_every = 1000;
    const Trained<Real> ended(patient);
    EXPECT_EQ(ended.summary.iteration, wanted);
    EXPECT_EQ(ended.summary.outcome, TrainOutcome::finished);
    EXPECT_EQ(ended.summary.selected_iteration, lowest.iteration);
    EXPECT_EQ(ended.store.logged(), std::vector<std::int64_t>{wanted}) << "the last is always logged";
    if (patience == 1) {
      EXPECT_LT(wanted, iterations) << "the case must end a training";
    }
    // It has ended: a resume has nothing to do, unless patience is raised.
    Trained<Real>(ended.store, patient).expect_is(ended);
    TrainOptions logged = options();
    logged.log_every = 1000;
    Trained<Real>(ended.store, logged).expect_is(Trained<Real>(logged));
    // A run that is already longer than this patience allows is another training.
    if (wanted < iterations)
      expect_error<ModelError>(
          [&] { Trained<Real>(whole.store, patient); },
          "train: with patience = " + std::to_string(patience) +
              " the run would have ended before iteration 40, which it has done; such a run is begun in "
              "another folder");
  }
}

TYPED_TEST(ModelSelectionOf, AShorterTrainingIsAnother) {
  using Real = TypeParam;
  const Trained<Real> whole(options());
  expect_error<ModelError>([&] { Trained<Real>(whole.store, options(39)); },
                           "train: the run has done 40 iterations, more than the 39 asked for; a shorter run "
                           "is begun in another folder");
}

TEST(ModelSelection, FewerFailuresThenLowerLossThenTheFirst) {
  const Validation good{1, 2.0, 10, 0}, lower{2, 1.0, 10, 0}, fails{3, 0.5, 9, 1}, none{4, nan, 0, 10};
  const Validation infinite{5, std::numeric_limits<double>::infinity(), 10, 0};
  EXPECT_TRUE(better(lower, good));
  EXPECT_FALSE(better(good, lower));
  EXPECT_FALSE(better(good, good));
  EXPECT_TRUE(better(good, fails)) << "a mean without the hardest task is no gain";
  EXPECT_FALSE(better(fails, good));
  for (const Validation& bad : {none, infinite}) {
    EXPECT_TRUE(better(fails, bad));
    EXPECT_FALSE(better(bad, fails));
    EXPECT_FALSE(better(bad, none));
  }
  ModelSelection<float> selection;
  const auto add = [&](Validation validation, std::int64_t iteration) {
    validation.iteration = iteration;
    selection.add(validation, {{static_cast<float>(iteration)}, {}}, 10);
  };
  EXPECT_EQ(selection.waited(10), 0);
  add(none, 10);
  EXPECT_FALSE(selection.best);
  EXPECT_EQ(selection.waited(10), 1);
  add(fails, 20);
  add(good, 30);
  add(good, 40);
  add(fails, 50);
  EXPECT_EQ(selection.waited(10), 2);
  EXPECT_EQ(selection.best->iteration, 30);
  EXPECT_EQ(selection.best_parameters.theta, std::vector<float>{30.0f});
  EXPECT_EQ(selection.longest_wait, 1);
  add(lower, 60);
  EXPECT_EQ(selection.best->iteration, 60);
  EXPECT_EQ(selection.longest_wait, 2);
}

TEST(ModelSelection, TheBestNumberOfSteps) {
  const auto summary = [](int steps, double mean, std::int64_t good) {
    StepSummary s;
    s.steps = steps;
    s.mean = mean;
    s.tasks = 10;
    s.good = good;
    return s;
  };
  const auto best = [](std::vector<StepSummary> summaries) { return best_steps(summaries); };
  EXPECT_EQ(best({summary(0, 3.0, 10), summary(1, 2.0, 10), summary(5, 2.0, 10)}), 1);
  EXPECT_EQ(best({summary(0, 3.0, 10), summary(5, 1.0, 9)}), 0);
  EXPECT_EQ(best({summary(0, nan, 0), summary(5, 1.0, 9)}), 5);
  EXPECT_EQ(best({summary(0, nan, 0)}), std::nullopt);
}

/// A finite source with as many validation tasks as asked for.
class Finite : public QuadraticSource {
 public:
  explicit Finite(std::int64_t count) : count_(count) {}
  std::optional<std::int64_t> size(Phase) const override { return count_; }
  TaskBatch evaluation(Phase phase, std::int64_t) const override { return sample(phase, 0, count_); }

 private:
  std::int64_t count_;
};

TEST(ModelSelection, LooksAtAThousandTasksAtMost) {
  for (const std::int64_t count : {1, 999, 1000, 1001, 1500}) {
    const TaskBatch tasks = validation_tasks<float>(Finite(count));
    ASSERT_EQ(tasks.size(), std::min<std::int64_t>(count, 1000));
    EXPECT_EQ(tasks.ids().back(), tasks.size() - 1);
  }
  EXPECT_EQ(validation_tasks<double>(QuadraticSource()).size(), 1000);
}

TEST(ModelSelection, OptionsOutOfRangeAreRefused) {
  auto trained = learner<float>();
  const auto expect_refusal = [&](auto spoil, const std::string& message) {
    TrainOptions bad = options();
    spoil(bad);
    expect_error<InvalidArgument>([&] { train<float>(trained, QuadraticSource(), bad); }, message);
  };
  expect_refusal([](TrainOptions& o) { o.validate_every = -1; },
                 "train: validate_every must be at least 0 (0 = never)");
  expect_refusal([](TrainOptions& o) { o.patience = -1; }, "train: patience must be at least 0 (0 = off)");
  expect_refusal([](TrainOptions& o) { o.validate_every = 0, o.patience = 1; },
                 "train: patience counts validations: set validate_every too");
  EXPECT_THROW(keep_from_string("first"), InvalidArgument);
}

}  // namespace
}  // namespace shoal::testing
