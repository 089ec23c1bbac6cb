// SPDX-License-Identifier: Apache-2.0
// The order of tasks against std::stable_sort: on its own, for lists of any length with many equal sizes; and
// for batches, which are sorted only when their sizes or their bad tasks change.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "cuda/device_order.hpp"
#include "cuda/device_tasks.hpp"
#include "cuda_under_test.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

using namespace cuda;

std::vector<std::int32_t> fetch(Stream& stream, const std::int32_t* order, std::size_t count) {
  std::vector<std::int32_t> values(count);
  if (count > 0) stream.copy_to_host(values.data(), order, count * sizeof(std::int32_t));
  stream.synchronize("fetch");
  return values;
}

using Offsets = std::vector<std::int64_t>;

Offsets random_offsets(std::mt19937_64& random, int tasks, int most_rows) {
  Offsets offsets = {0};
  for (int t = 0; t < tasks; ++t) offsets.push_back(offsets.back() + uniform_int(random, 0, most_rows));
  return offsets;
}

std::vector<std::int32_t> expected(const Offsets& support, const Offsets& query,
                                   const std::vector<std::uint8_t>& status) {
  std::vector<std::int32_t> order(status.size());
  std::iota(order.begin(), order.end(), 0);
  const auto rows = [&](std::int32_t task) {
    const auto t = static_cast<std::size_t>(task);
    if (status[t] != 0) return std::int64_t{0};
    const auto of = [&](const Offsets& side) { return side.empty() ? 0 : side[t + 1] - side[t]; };
    return of(support) + of(query);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return rows(a) > rows(b); });
  return order;
}

class TaskOrder : public ::testing::Test {
 protected:
  void TearDown() override { set_thread_order(0); }

  Stream stream;
};

TEST_F(TaskOrder, IsThatOfAStableSort) {
  std::mt19937_64 random(31);
  DeviceOrder order;
  DeviceArray<std::int64_t> support_first, query_first;
  DeviceArray<std::uint8_t> device_status;
  long version = 0;
  for (const int tasks : {1, 5000, 2, 0, 33, 257, 20'000, 3000, 31}) {
    set_thread_order(static_cast<int>(version));
    const bool both = version % 3 != 2;
    // Sums of sizes beyond 2^31, so that every byte of a key counts.
    const int most_rows = version % 2 ? 3 : 2'000'000'000;
    const Offsets support = both ? random_offsets(random, tasks, most_rows) : Offsets{},
                  query = random_offsets(random, tasks, most_rows);
    std::vector<std::uint8_t> status(static_cast<std::size_t>(tasks));
    for (std::uint8_t& s : status) s = random() % 8 == 0;
    const kernels::TaskOrderArguments job{
        .support_first = both ? support_first.upload(stream, support) : nullptr,
        .query_first = query_first.upload(stream, query),
        .status = device_status.upload(stream, status),
        .tasks = tasks};
    ++version;
    const std::int32_t* const got = order.of(stream, job, {both ? version : 0, version, status});
    ASSERT_EQ(fetch(stream, got, status.size()), expected(support, query, status)) << tasks << " tasks";
  }
}

TEST_F(TaskOrder, IsAsTheyComeForTasksOfOneSize) {
  DeviceOrder order;
  DeviceArray<std::int64_t> first;
  for (const int tasks : {3, 400'000, 1}) {
    std::vector<std::int32_t> want(static_cast<std::size_t>(tasks));
    std::iota(want.begin(), want.end(), 0);
    const Offsets offsets(want.size() + 1, 0);
    const kernels::TaskOrderArguments job{.query_first = first.upload(stream, offsets), .tasks = tasks};
    ASSERT_EQ(fetch(stream, order.of(stream, job, {0, tasks, {}}), want.size()), want);
  }
}

/// A batch with one input and one target; y of the tasks in `bad` is not finite.
TaskBatch batch_of(const Offsets& support, const Offsets& query, const std::vector<int>& bad) {
  TaskSetStorage<float> sides[2];
  const Offsets* const offsets[2] = {&support, &query};
  for (int s = 0; s < 2; ++s) {
    sides[s].row_starts = *offsets[s];
    const auto rows = static_cast<std::size_t>(offsets[s]->back());
    sides[s].x.assign(rows, 0.5f);
    sides[s].y.assign(rows, 0.25f);
  }
  for (const int t : bad)
    sides[1].y[static_cast<std::size_t>(query[static_cast<std::size_t>(t)])] =
        std::numeric_limits<float>::quiet_NaN();
  std::vector<std::int64_t> ids(query.size() - 1);
  std::iota(ids.begin(), ids.end(), 0);
  return TaskBatch::own({1, 1, 0}, std::move(sides[0]), std::move(sides[1]), std::move(ids));
}

TEST_F(TaskOrder, IsMadeAgainOnlyForOtherSizesOrOtherBadTasks) {
  const Loss loss;
  const RowFormat format{{1, 1, 0}, loss, 1};
  DeviceTasks tasks;
  kernels::TaskArguments job;
  const Offsets support = {0, 2, 7, 7, 9}, query = {0, 1, 2, 6, 9};
  const std::vector<std::vector<int>> cases = {{}, {}, {1}, {1}, {3}, {}};
  std::vector<long> launches, allocations;
  const auto upload = [&](const Offsets& s, const Offsets& q, const std::vector<int>& bad) {
    const TaskBatch batch = batch_of(s, q, bad);
    const long kernels = device_counts().kernels, memory = device_counts().allocations;
    tasks.upload(stream, batch, format, 1, job);
    std::vector<std::uint8_t> status(static_cast<std::size_t>(batch.size()));
    for (const int t : bad) status[static_cast<std::size_t>(t)] = 1;
    launches.push_back(device_counts().kernels - kernels);
    allocations.push_back(device_counts().allocations - memory);
    ASSERT_EQ(fetch(stream, job.order, status.size()), expected(s, q, status));
  };
  for (const std::vector<int>& bad : cases) upload(support, query, bad);
  EXPECT_EQ(launches, (std::vector<long>{2, 0, 2, 0, 2, 2}));
  for (std::size_t i = 1; i < allocations.size(); ++i) EXPECT_EQ(allocations[i], 0) << "put " << i;

  // A set with the same query sizes and no support has an order of its own, and so has the batch after it.
  const TaskBatch batch = batch_of(support, query, {});
  const long before = device_counts().kernels;
  tasks.upload(stream, batch.query(), format, job);
  EXPECT_EQ(fetch(stream, job.order, 4), expected({}, query, {0, 0, 0, 0}));
  EXPECT_EQ(device_counts().kernels, before + 2);
  tasks.upload(stream, batch.query(), format, job);
  EXPECT_EQ(device_counts().kernels, before + 2);
  upload(support, query, {});
  upload({0, 0, 0, 0, 9}, query, {});
  upload({0, 0, 0, 0, 9}, {0, 3, 3, 4, 5}, {0});
  EXPECT_EQ(launches.back(), 2);
  upload({0, 4}, {0, 1}, {});
}

}  // namespace
}  // namespace shoal::testing
