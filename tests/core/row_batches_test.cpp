// SPDX-License-Identifier: Apache-2.0
// Meta-batches where every row counts alike: a task is drawn as often as its share of the rows says, in every
// batch and over all of them, and a draw depends on seed, phase, iteration and rows alone.
#include "core/row_batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include <shoal/batch_source.hpp>
#include <shoal/error.hpp>
#include <shoal/meta_learner.hpp>

namespace shoal {
namespace {

using Ints = std::vector<std::int64_t>;

TEST(RowBatches, HoldATaskAsOftenAsItsRowsSay) {
  const Ints rows = {1, 50, 3, 120, 0, 26};
  const RowBatches batches(7, Phase::train, rows);
  constexpr std::int64_t tasks = 25, iterations = 4000;
  std::vector<double> drawn(rows.size(), 0.0);
  for (std::int64_t iteration = 0; iteration < iterations; ++iteration) {
    const Ints places = batches.indices(iteration, tasks);
    ASSERT_EQ(std::ssize(places), tasks);
    ASSERT_TRUE(std::is_sorted(places.begin(), places.end()));
    for (std::size_t t = 0; t < rows.size(); ++t) {
      const auto count = static_cast<double>(std::count(places.begin(), places.end(), t));
      const double wanted = static_cast<double>(tasks * rows[t]) / 200.0;
      ASSERT_LT(std::fabs(count - wanted), 2.0);
      drawn[t] += count;
    }
  }
  EXPECT_EQ(drawn[4], 0.0);  // no rows
  for (std::size_t t = 0; t < rows.size(); ++t) {
    const double share = static_cast<double>(rows[t]) / 200.0, draws = tasks * iterations;
    EXPECT_NEAR(drawn[t] / draws, share, 4.0 * std::sqrt(share * (1.0 - share) / draws)) << t;
  }
}

TEST(RowBatches, DependOnSeedPhaseAndIterationAlone) {
  const Ints rows(300, 7);
  const RowBatches batches(7, Phase::train, rows);
  const Ints fifth = batches.indices(5, 40);
  batches.indices(9, 3);
  EXPECT_EQ(batches.indices(5, 40), fifth);
  EXPECT_EQ(RowBatches(7, Phase::train, rows).indices(5, 40), fifth);
  EXPECT_NE(batches.indices(6, 40), fifth);
  EXPECT_NE(RowBatches(8, Phase::train, rows).indices(5, 40), fifth);
  EXPECT_NE(RowBatches(7, Phase::test, rows).indices(5, 40), fifth);
  EXPECT_THROW(batches.indices(0, 0), InvalidArgument);
  EXPECT_THROW(RowBatches(7, Phase::train, {}).indices(0, 1), DataError);
}

/// Tasks with these numbers of query rows and one support row; x names the task.
TaskBatch tasks_of(const Ints& rows) {
  TaskSetStorage<float> support, query;
  Ints ids;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    for (auto [set, count] : {std::pair(&support, std::int64_t{1}), std::pair(&query, rows[t])}) {
      set->x.insert(set->x.end(), static_cast<std::size_t>(count), static_cast<float>(t));
      set->y.insert(set->y.end(), static_cast<std::size_t>(count), 1.0f);
      set->row_starts.push_back(set->row_starts.back() + count);
    }
    ids.push_back(static_cast<std::int64_t>(100 - t));  // the order of ids is another than that of the tasks
  }
  return TaskBatch::own({1, 1, 0}, std::move(support), std::move(query), std::move(ids));
}

TEST(RowBatches, GiveASourceBatchesWithRepeatedTasks) {
  const TaskBatch tasks = tasks_of({1, 97});
  const auto source = make_batch_source(tasks, 3, {.sampling = Sampling::rows});
  const TaskBatch batch = source->sample(Phase::train, 0, 50);
  EXPECT_EQ(batch.size(), 50);
  EXPECT_GE(std::count(batch.ids().begin(), batch.ids().end(), 99), 48);
  // As many places as there are tasks are not all tasks.
  for (std::int64_t iteration = 0; iteration < 20; ++iteration)
    EXPECT_EQ(source->sample(Phase::train, iteration, 2).ids()[0], 99);
  EXPECT_EQ(source->sample64(Phase::train, 0, 50).size(), 50);
  EXPECT_EQ(source->evaluation(Phase::test, 0).size(), 2);
  EXPECT_EQ(make_batch_source(tasks, 3)->sample(Phase::train, 0, 50).size(), 2);
  EXPECT_THROW(tasks.select(Ints{0, 0}), DataError);
  EXPECT_EQ(tasks.select(Ints{0, 0}, TaskBatch::Repeats::allowed).size(), 2);
  EXPECT_EQ(sampling_from_string("rows"), Sampling::rows);
  EXPECT_EQ(to_string(Sampling::tasks), "tasks");
  EXPECT_THROW(sampling_from_string("row"), InvalidArgument);
}

}  // namespace
}  // namespace shoal
