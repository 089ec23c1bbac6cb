// SPDX-License-Identifier: Apache-2.0
// Batches in memory as a task source: which tasks it gives in each phase, in which precision, and who owns
// their memory; training and evaluation use it.
#include <shoal/batch_source.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include <shoal/model_selection.hpp>

#include "expect_error.hpp"
#include "memory_store.hpp"
#include "quadratic_tasks.hpp"

namespace shoal::testing {
namespace {

using Ints = std::vector<std::int64_t>;

Ints ids_of(const TaskBatch& tasks) {
  return {tasks.ids().begin(), tasks.ids().end()};
}

/// All values of every task.
template <class Real>
std::vector<std::vector<Real>> rows_of(const BasicTaskBatch<Real>& tasks) {
  std::vector<std::vector<Real>> rows;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    const auto one = tasks.select(std::vector{t});
    std::vector<Real>& row = rows.emplace_back();
    for (const auto values : {one.support().x, one.support().y, one.query().x, one.query().y})
      row.insert(row.end(), values.begin(), values.end());
  }
  return rows;
}

TEST(BatchSource, GivesEveryPhaseItsTasksInOrderOfId) {
  const TaskBatch train = shuffled(random_tasks(1, 10, 100), 3), test = random_tasks(1, 3, 7);
  const auto source = make_batch_source({.train = train, .test = test}, 5);
  EXPECT_EQ(source->columns(), train.columns());
  EXPECT_EQ(source->size(Phase::train), 10);
  EXPECT_EQ(source->size(Phase::validation), 0);
  EXPECT_EQ(source->ids(Phase::test), (Ints{7, 8, 9}));
  EXPECT_TRUE(source->ids(Phase::validation).empty());
  EXPECT_EQ(rows_of(source->evaluation(Phase::train, 0)), rows_of(random_tasks(1, 10, 100)));
  EXPECT_EQ(rows_of(source->evaluation64(Phase::test, 0)), rows_of(widen(test)));
  EXPECT_FALSE(source->target_units().scale());
  expect_error<DataError>([&] { source->sample(Phase::validation, 0, 1); }, "no tasks in phase validation");
  expect_error<DataError>([&] { source->evaluation(Phase::validation, 1); }, "no tasks in phase validation");
}

TEST(BatchSource, AnEpochHasEveryTaskOnceAndDependsOnIdsAlone) {
  const TaskBatch tasks = random_tasks(2, 12, 50);
  const auto source = make_batch_source(tasks, 9), other = make_batch_source(shuffled(tasks, 4), 9);
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
    std::set<std::int64_t> seen;
    for (std::int64_t iteration = 0; iteration < 3; ++iteration) {
      const TaskBatch batch = source->sample(phase, iteration, 4);
      EXPECT_EQ(batch.size(), 4);
      EXPECT_EQ(ids_of(batch), ids_of(other->sample(phase, iteration, 4)));
      seen.insert(batch.ids().begin(), batch.ids().end());
    }
    EXPECT_EQ(seen.size(), 12u);
  }
  EXPECT_EQ(source->sample(Phase::train, 0, 100).size(), 12) << "no more than there are";
}

TEST(BatchSource, KeepsTheOwnerAndCopiesNoRowOfWholeBatches) {
  auto memory = std::make_shared<const TaskBatch>(random_tasks(3, 5));
  const std::weak_ptr<const TaskBatch> there = memory;
  auto source = make_batch_source(
      TaskBatch::borrow(memory->columns(), memory->support(), memory->query(), memory->ids(), memory), 1);
  const float* const x = memory->support().x.data();
  memory.reset();
  {
    const TaskBatch whole = source->evaluation(Phase::test, 0);
    EXPECT_EQ(whole.support().x.data(), x);
    const TaskBatch some = source->sample(Phase::train, 0, 2);
    source.reset();
    EXPECT_FALSE(there.expired()) << "the batch has it still";
    EXPECT_EQ(some.size(), 2);
  }
  EXPECT_TRUE(there.expired());
}

TEST(BatchSource, DoublesAreNarrowedWhereFloatsAreAskedFor) {
  const double fine = 0x1.0000000000001p0;
  const TaskBatch64 tasks =
      TaskBatch64::own({1, 1, 0}, {{fine}, {fine}, {}, {}, {0, 1}}, {{fine}, {fine}, {}, {}, {0, 1}}, {4});
  const auto source = make_batch_source(tasks, 1);
  EXPECT_EQ(source->sample64(Phase::train, 0, 1).support().x[0], fine);
  EXPECT_EQ(source->evaluation64(Phase::test, 0).query().y[0], fine);
  EXPECT_EQ(source->sample(Phase::train, 0, 1).support().x[0], 1.0f);
  EXPECT_EQ(source->evaluation(Phase::test, 0).query().y[0], 1.0f);
}

TEST(BatchSource, LabelsCountClasses) {
  const auto batch = [](std::int64_t id, std::int64_t label) {
    return TaskBatch::own({1, 0, 0}, {{1}, {}, {}, {label}, {0, 1}}, {{1}, {}, {}, {1}, {0, 1}}, {id});
  };
  const auto source = make_batch_source({.train = batch(1, 0), .validation = batch(2, 3)}, 1);
  EXPECT_EQ(source->classes(), 4);
  EXPECT_NO_THROW(source->require_labels_below(4));
  expect_error<DataError>([&] { source->require_labels_below(3); },
                          "task batch: support label of task 0 (id 2), row 0 (support_y) is 3, but there are "
                          "only 3 classes: labels are 0 to 2");
}

TEST(BatchSource, RefusesWhatIsNoSource) {
  const TaskBatch tasks = random_tasks(4, 3, 10);
  expect_error<DataError>([] { make_batch_source(PhaseBatches{}, 1); }, "there are no tasks in any phase");
  expect_error<DataError>([] { make_batch_source(TaskBatch(), 1, {.name = "tasks.st"}); },
                          "tasks.st: there are no tasks in any phase");
  expect_error<DataError>([&] { make_batch_source({.train = tasks, .test = random_tasks(4, 2, 12)}, 1); },
                          "task id 12 is in phases train and test");
  const TaskBatch wider =
      TaskBatch::own({4, 1, 0}, {{}, {}, {}, {}, {0, 0}}, {{1, 2, 3, 4}, {1}, {}, {}, {0, 1}}, {1});
  expect_error<DataError>(
      [&] { make_batch_source({.train = tasks, .validation = wider}, 1, {.name = "mine"}); },
      "mine: tasks of phase validation have other columns than those before: 4 inputs, 1 targets, 0 output "
      "offsets, not 3 inputs, 1 targets, 0 output offsets");
  expect_error<DataError>(
      [&] {
        make_batch_source(tasks, 1, {.units = {{1, 2}, {3, 4}}});
      },
      "tasks have 1 target columns, the model was trained on 2");
}

TEST(BatchSource, ScalesTargetsByTheUnitsOfAModel) {
  const TargetUnits units{{10}, {4}};
  const TaskBatch tasks = random_tasks(5, 4);
  const auto source = make_batch_source(tasks, 1, {.units = units});
  EXPECT_EQ(source->target_units(), units);
  EXPECT_EQ(rows_of(source->evaluation(Phase::test, 0)), rows_of(scaled_tasks(Loss{}, units, tasks)));
  EXPECT_NE(rows_of(source->evaluation(Phase::test, 0)), rows_of(tasks));
}

template <class Real>
class BatchSourceOf : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(BatchSourceOf, Reals);

/// Oracle: draws the tasks of a batch as the source should.
template <class Real>
class ByHand : public TaskSource {
 public:
  ByHand(const BasicTaskBatch<Real>& train, const BasicTaskBatch<Real>& validation, const TaskSource& order)
      : train_(train), validation_(validation), order_(order) {}
  TaskColumns columns() const override { return train_.columns(); }
  std::optional<std::int64_t> size(Phase phase) const override {
    return phase == Phase::train ? train_.size() : validation_.size();
  }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return as_float(chosen(phase, iteration, tasks));
  }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return as_double(chosen(phase, iteration, tasks));
  }
  TaskBatch evaluation(Phase, std::int64_t) const override { return as_float(validation_); }
  TaskBatch64 evaluation64(Phase, std::int64_t) const override { return as_double(validation_); }

 private:
  static TaskBatch as_float(const BasicTaskBatch<Real>& tasks) {
    if constexpr (std::is_same_v<Real, double>)
      return narrow(tasks);
    else
      return tasks;
  }
  static TaskBatch64 as_double(const BasicTaskBatch<Real>& tasks) {
    if constexpr (std::is_same_v<Real, double>)
      return tasks;
    else
      return widen(tasks);
  }
  BasicTaskBatch<Real> chosen(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
    Ints places;
    for (const std::int64_t id : ids_of(order_.sample(phase, iteration, tasks)))
      places.push_back(std::find(train_.ids().begin(), train_.ids().end(), id) - train_.ids().begin());
    return train_.select(places);
  }

  const BasicTaskBatch<Real>&train_, &validation_;
  const TaskSource& order_;
};

// Training, validation and evaluation use it like any other source, in both precisions.
TYPED_TEST(BatchSourceOf, TrainingTakesIt) {
  using Real = TypeParam;
  const auto train_tasks = as<Real>(random_tasks(6, 20, 0, 7)), looked_at = as<Real>(random_tasks(6, 8, 30));
  const auto source = make_batch_source({.train = train_tasks, .validation = looked_at}, 11);
  const TrainOptions options{
      .iterations = 12, .tasks_per_batch = 6, .checkpoint_every = 5, .validate_every = 4};
  auto got = make_learner<Real>(Maml{{.steps = 2, .learning_rate = 0.1}}),
       want = make_learner<Real>(Maml{{.steps = 2, .learning_rate = 0.1}});
  MemoryStore<Real> store, wanted;
  const TrainSummary summary = train<Real>(got, *source, options, &store);
  train<Real>(want, ByHand<Real>(train_tasks, looked_at, *source), options, &wanted);
  EXPECT_EQ(summary.tasks_seen, 12 * 6);
  EXPECT_GT(summary.tasks_failed, 0);
  expect_same(got, want);
  expect_same(store, wanted);
}

}  // namespace
}  // namespace shoal::testing
