// SPDX-License-Identifier: Apache-2.0
// TaskBatch: views, copies, and every structural error once with its message.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

#include <shoal/task_batch.hpp>

#include "core/batch_chunks.hpp"
#include "expect_error.hpp"

namespace shoal::testing {
namespace {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

/// Three tasks of 2, 0 and 1 support rows and 1, 2 and 1 query rows; 2 inputs, 1 target, 1 output offset.
struct Parts {
  TaskColumns columns{2, 1, 1};
  TaskSetStorage<float> support{{1, 2, 3, 4, 5, 6}, {10, 20, 30}, {.1f, .2f, .3f}, {}, {0, 2, 2, 3}};
  TaskSetStorage<float> query{
      {7, 8, 9, 10, 11, 12, 13, 14}, {40, 50, 60, 70}, {.4f, .5f, .6f, .7f}, {}, {0, 1, 3, 4}};
  Ints ids{5, -3, 8};

  TaskBatch own() const { return TaskBatch::own(columns, support, query, ids); }
  TaskBatch borrow() const { return TaskBatch::borrow(columns, support.view(), query.view(), ids); }
};

Parts labelled() {
  Parts parts;
  parts.columns = {2, 0, 0};
  parts.support.y.clear(), parts.query.y.clear();
  parts.support.output_offset.clear(), parts.query.output_offset.clear();
  parts.support.labels = {0, 2, 1};
  parts.query.labels = {1, 1, 0, 2};
  return parts;
}

template <class T, class Range>
std::vector<T> copy(const Range& range) {
  return {range.begin(), range.end()};
}

TEST(TaskBatch, BorrowsAndOwns) {
  const Parts parts;
  const TaskBatch borrowed = parts.borrow(), owned = parts.own();
  EXPECT_EQ(borrowed.support().x.data(), parts.support.x.data());
  EXPECT_NE(owned.support().x.data(), parts.support.x.data());
  const TaskBatch copied = owned;  // shares the memory
  EXPECT_EQ(copied.query().y.data(), owned.query().y.data());
  for (const TaskBatch& batch : {borrowed, owned}) {
    EXPECT_EQ(batch.size(), 3);
    EXPECT_EQ(copy<std::int64_t>(batch.ids()), parts.ids);
    EXPECT_EQ(batch.support().rows(0), 2);
    EXPECT_EQ(batch.support().rows(1), 0);
    EXPECT_EQ(batch.query().total_rows(), 4);
    EXPECT_EQ(copy<float>(batch.query().x), parts.query.x);
  }
}

/// Memory that a batch borrows, and whether it still exists.
struct Borrowed {
  std::shared_ptr<const Parts> memory = std::make_shared<const Parts>();
  std::weak_ptr<const Parts> there = memory;

  TaskBatch batch() const {
    return TaskBatch::borrow(memory->columns, memory->support.view(), memory->query.view(), memory->ids,
                             memory);
  }
};

TEST(TaskBatch, AnOwnerTravelsWithCopies) {
  Borrowed borrowed;
  auto batch = std::make_unique<TaskBatch>(borrowed.batch());
  EXPECT_EQ(batch->support().x.data(), borrowed.memory->support.x.data()) << "nothing is copied";
  borrowed.memory.reset();
  auto copied = std::make_unique<TaskBatch>(*batch), moved = std::make_unique<TaskBatch>(std::move(*batch));
  batch.reset();
  EXPECT_EQ(copy<float>(copied->query().x), Parts().query.x);
  copied.reset();
  EXPECT_EQ(copy<std::int64_t>(moved->ids()), Parts().ids);
  const TaskBatch selected = moved->select(Ints{1, 0});
  EXPECT_FALSE(borrowed.there.expired());
  moved.reset();
  EXPECT_TRUE(borrowed.there.expired()) << "not a moment longer";
  EXPECT_EQ(copy<float>(selected.query().y), (Floats{50, 60, 40})) << "selections own their rows";
}

TEST(TaskBatch, ARefusedBatchKeepsNoOwner) {
  Borrowed borrowed;
  const TaskColumns other{3, 1, 1};
  EXPECT_THROW(TaskBatch::borrow(other, borrowed.memory->support.view(), borrowed.memory->query.view(),
                                 borrowed.memory->ids, borrowed.memory),
               DataError);
  borrowed.memory.reset();
  EXPECT_TRUE(borrowed.there.expired());
}

TEST(TaskBatch, SelectsTasksInTheGivenOrder) {
  const TaskBatch picked = Parts().own().select(Ints{2, 0});
  EXPECT_EQ(copy<std::int64_t>(picked.ids()), (Ints{8, 5}));
  EXPECT_EQ(copy<std::int64_t>(picked.support().row_starts), (Ints{0, 1, 3}));
  EXPECT_EQ(copy<float>(picked.support().x), (Floats{5, 6, 1, 2, 3, 4}));
  EXPECT_EQ(copy<float>(picked.support().y), (Floats{30, 10, 20}));
  EXPECT_EQ(copy<std::int64_t>(picked.query().row_starts), (Ints{0, 1, 2}));
  EXPECT_EQ(copy<float>(picked.query().output_offset), (Floats{.7f, .4f}));
  const TaskBatch labels = labelled().own().select(Ints{1, 2});
  EXPECT_EQ(copy<std::int64_t>(labels.query().labels), (Ints{1, 0, 2}));
  expect_error<InvalidArgument>([] { Parts().own().select(Ints{3}); },
                                "task batch: there is no task 3 among 3");
  expect_error<DataError>([] { Parts().own().select(Ints{1, 1}); }, "task batch: task id -3 occurs twice");
}

TEST(TaskBatch, JoinsSupportAndQueryTaskByTask) {
  const TaskBatch joined = Parts().own().joined();
  EXPECT_EQ(joined.support().total_rows(), 0);
  EXPECT_EQ(copy<std::int64_t>(joined.support().row_starts), (Ints{0, 0, 0, 0}));
  EXPECT_EQ(copy<std::int64_t>(joined.query().row_starts), (Ints{0, 3, 5, 7}));
  EXPECT_EQ(copy<float>(joined.query().y), (Floats{10, 20, 40, 50, 60, 30, 70}));
  EXPECT_EQ(copy<float>(joined.query().output_offset), (Floats{.1f, .2f, .4f, .5f, .6f, .3f, .7f}));
  EXPECT_EQ(copy<float>(joined.query().x), (Floats{1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 5, 6, 13, 14}));
  EXPECT_EQ(copy<std::int64_t>(labelled().own().joined().query().labels), (Ints{0, 2, 1, 1, 0, 1, 2}));
}

TEST(TaskBatch, WidensExactlyAndRoundsToNearest) {
  Parts parts;
  parts.support.x = {0.1f, -0.0f, 0x1p-149f, 3e38f, std::numeric_limits<float>::infinity(), 1};
  const TaskBatch64 wide = widen(parts.own());
  EXPECT_EQ(wide.support().x[0], static_cast<double>(0.1f));
  EXPECT_TRUE(std::signbit(wide.support().x[1]));
  EXPECT_EQ(wide.support().x[2], 0x1p-149);
  EXPECT_EQ(copy<float>(narrow(wide).support().x), parts.support.x);
  EXPECT_EQ(copy<std::int64_t>(widen(labelled().own()).query().labels), labelled().query.labels);
  const TaskBatch64 fine = TaskBatch64::own({1, 1, 0}, {{0x1.0000010p0}, {0x1.0000030p0}, {}, {}, {0, 1}},
                                            {{}, {}, {}, {}, {0, 0}}, {1});
  EXPECT_EQ(narrow(fine).support().x[0], 1.0f) << "half to even";
  EXPECT_EQ(narrow(fine).support().y[0], 0x1.000004p0f);
}

TEST(TaskBatch, NonFiniteValuesAreNotStructure) {
  Parts parts;
  parts.support.x[0] = std::numeric_limits<float>::quiet_NaN();
  parts.query.output_offset[1] = std::numeric_limits<float>::infinity();
  EXPECT_NO_THROW(parts.own());
}

void expect_refusal(const std::string& message, void (*spoil)(Parts&), Parts parts = {}) {
  spoil(parts);
  expect_error<DataError>([&] { parts.own(); }, "task batch: " + message);
  expect_error<DataError>([&] { parts.borrow(); }, "task batch: " + message);
}

TEST(TaskBatch, RefusesBrokenStructure) {
  expect_refusal("no tasks", [](Parts& p) { p = {p.columns, {}, {}, {}}; });
  expect_refusal("task id 5 occurs twice", [](Parts& p) { p.ids[2] = 5; });
  expect_refusal("needs at least one input column", [](Parts& p) { p.columns.inputs = 0; });
  expect_refusal("negative number of columns", [](Parts& p) { p.columns.targets = -1; });
  expect_refusal("negative number of columns", [](Parts& p) { p.columns.offsets = -1; });
  expect_refusal("support row starts have 3 entries for 3 tasks (one more than tasks)",
                 [](Parts& p) { p.support.row_starts.pop_back(); });
  expect_refusal("query row starts have 0 entries for 3 tasks (one more than tasks)",
                 [](Parts& p) { p.query.row_starts.clear(); });
  expect_refusal("query row starts begin at 1, not 0", [](Parts& p) { p.query.row_starts[0] = 1; });
  expect_refusal("support row starts fall at task 1 (id -3): row 1 after row 2",
                 [](Parts& p) { p.support.row_starts[2] = 1; });
  expect_refusal("query x has 8 values, but the row starts say 5 rows of 2",
                 [](Parts& p) { p.query.row_starts[3] = 5; });
  expect_refusal("support x has 5 values, but the row starts say 3 rows of 2",
                 [](Parts& p) { p.support.x.pop_back(); });
  expect_refusal("support y has 4 values, but the row starts say 3 rows of 1",
                 [](Parts& p) { p.support.y.push_back(0); });
  expect_refusal("query labels has 4 values, but the row starts say 4 rows of 0", [](Parts& p) {
    p.query.labels = {0, 0, 0, 0};
  });
  expect_refusal("query output offset has 0 values, but the row starts say 4 rows of 1",
                 [](Parts& p) { p.query.output_offset.clear(); });
  expect_refusal("support row starts end at 2305843009213693952: too many rows",
                 [](Parts& p) { p.support.row_starts[3] = std::int64_t{1} << 61; });
  expect_refusal(
      "query label of task 1 (id -3), row 1 (query_y): -1 is negative; labels are 0 for the first class, "
      "then 1, 2, ...",
      [](Parts& p) { p.query.labels[2] = -1; }, labelled());
  expect_refusal(
      "support y has 3 values, but the row starts say 3 rows of 0",
      [](Parts& p) {
        p.support.y = {1, 2, 3};
      },
      labelled());
}

TEST(TaskBatch, RefusesExtentsWhoseProductWrapsAround) {
  // 2^40 rows of 2^24 columns are 2^64 values, which is 0 in a product of 64 bits.
  Ints ids, offsets = {0};
  for (std::int64_t id = 0; id < 1024; ++id) {
    ids.push_back(id);
    offsets.push_back(offsets.back() + (std::int64_t{1} << 30));
  }
  const TaskSet<float> set{{}, {}, {}, {}, offsets};
  expect_error<DataError>(
      [&] {
        TaskBatch::borrow({1 << 24, 1 << 24, 1 << 24}, set, set, ids);
      },
      "task batch: support x has 0 values, but the row starts say 1099511627776 rows of 16777216");
}

TEST(TaskBatch, RefusesMoreRowsOfATaskThanAnIntCounts) {
  const Ints ids = {4, 9}, offsets = {0, 1, 1 + (std::int64_t{1} << 31)};
  const TaskSet<float> set{{}, {}, {}, {}, offsets};
  expect_error<DataError>(
      [&] {
        TaskBatch::borrow({1, 1, 0}, set, set, ids);
      },
      "task batch: support row starts give task 1 (id 9) more than 2^31 - 1 rows");
}

TEST(TaskBatch, AnEmptyOneHasNoRows) {
  EXPECT_EQ(TaskBatch().size(), 0);
  EXPECT_EQ(TaskBatch().support().total_rows(), 0);
}

TEST(TaskBatch, RequirementsNameTaskAndRow) {
  Parts parts;
  EXPECT_NO_THROW(parts.own().require_query());
  parts.query.row_starts = {0, 1, 4, 4};
  expect_error<DataError>([&] { parts.own().require_query(); },
                          "task batch: task 2 (id 8) has an empty query set");
  EXPECT_NO_THROW(labelled().own().require_labels_below(3));
  expect_error<DataError>([] { labelled().own().require_labels_below(2); },
                          "task batch: support label of task 0 (id 5), row 1 (support_y) is 2, but there are "
                          "only 2 classes: labels are 0 to 1");
  Parts query_only = labelled();
  query_only.support.labels = {0, 0, 0};
  expect_error<DataError>([&] { query_only.own().require_labels_below(2); },
                          "task batch: query label of task 2 (id 8), row 0 (query_y) is 2, but there are "
                          "only 2 classes: labels are 0 to 1");
}

TEST(TaskBatch, ChunksAreViewsThatCoverItInOrder) {
  const TaskBatch batch = Parts().own();
  for (const std::int64_t most : {1, 2, 3, 0, 9}) {
    Floats x, y, offset;
    Ints ids;
    for_chunks(batch, most, [&](const TaskBatch& chunk, std::size_t first) {
      EXPECT_EQ(first, ids.size());
      EXPECT_LE(chunk.size(), most > 0 ? most : batch.size());
      EXPECT_EQ(chunk.query().row_starts[0], 0);
      const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
      append(ids, chunk.ids());
      append(x, chunk.support().x);
      append(y, chunk.query().y);
      append(offset, chunk.query().output_offset);
      if (!chunk.support().x.empty()) {
        EXPECT_GE(chunk.support().x.data(), batch.support().x.data()) << "a view, not a copy";
        EXPECT_LT(chunk.support().x.data(), batch.support().x.data() + batch.support().x.size());
      }
    });
    EXPECT_EQ(ids, Parts().ids);
    EXPECT_EQ(x, Parts().support.x);
    EXPECT_EQ(y, Parts().query.y);
    EXPECT_EQ(offset, Parts().query.output_offset);
  }
}

/// Rows at addresses that this program must not read.
TaskBatch on_device(Parts& parts, int device = 0) {
  const auto far_away = [&](const TaskSetStorage<float>& storage) {
    TaskSet<float> set = storage.view();
    const auto move = [](auto values) {
      using Value = typename decltype(values)::element_type;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): an address, of nothing
      return decltype(values){values.empty() ? nullptr : reinterpret_cast<Value*>(std::uintptr_t{4096}),
                              values.size()};
    };
    set.x = move(set.x);
    set.y = move(set.y);
    set.labels = move(set.labels);
    set.output_offset = move(set.output_offset);
    set.device = device;
    return set;
  };
  return TaskBatch::borrow(parts.columns, far_away(parts.support), far_away(parts.query), parts.ids);
}

TEST(TaskBatch, RowsOnADeviceAreNeverReadOnTheHost) {
  Parts plain, classes = labelled();
  const TaskBatch batch = on_device(plain, 3), with_labels = on_device(classes, 3);
  EXPECT_EQ(batch.device(), 3);
  EXPECT_EQ(Parts().own().device(), std::nullopt);
  batch.require_query();
  const std::string rest = " reads rows on the host, and they are in memory of device 3";
  const Ints first{0};
  expect_error<InvalidArgument>([&] { batch.select(first); }, "task batch: select" + rest);
  expect_error<InvalidArgument>([&] { batch.joined(); },
                                "task batch: joining support and query (algorithm pooled)" + rest);
  expect_error<InvalidArgument>([&] { widen(batch); }, "task batch: a change of precision" + rest);
  expect_error<InvalidArgument>([&] { with_labels.require_labels_below(3); },
                                "task batch: a check of labels" + rest);
  expect_error<InvalidArgument>([&] { batch.require_on_host("somebody"); }, "task batch: somebody" + rest);
  for_chunks(batch, 1, [&](const TaskBatch& chunk, std::size_t first_task) {
    EXPECT_EQ(chunk.device(), 3);
    EXPECT_EQ(chunk.query().device, 3);
    if (first_task == 2) {
      EXPECT_EQ(chunk.support().x.data(), batch.support().x.data() + 4);
    }
  });
}

TEST(TaskBatch, BothSidesAreInOneMemory) {
  Parts parts;
  const TaskBatch batch = on_device(parts);
  expect_error<DataError>(
      [&] { TaskBatch::borrow(parts.columns, batch.support(), parts.query.view(), parts.ids); },
      "task batch: support is in memory of device 0, query in host memory");
  // A side without rows has no device.
  const Ints none{0, 0, 0, 0};
  TaskSet<float> empty;
  empty.row_starts = none;
  EXPECT_EQ(TaskBatch::borrow(parts.columns, batch.support(), empty, parts.ids).device(), 0);
  EXPECT_EQ(TaskBatch::borrow(parts.columns, empty, batch.query(), parts.ids).device(), 0);
  EXPECT_EQ(TaskBatch::borrow(parts.columns, empty, parts.query.view(), parts.ids).device(), std::nullopt);
  // The structure is checked nevertheless.
  TaskSet<float> short_of_rows = batch.support();
  short_of_rows.x = short_of_rows.x.first(4);
  expect_error<DataError>([&] { TaskBatch::borrow(parts.columns, short_of_rows, batch.query(), parts.ids); },
                          "task batch: support x has 4 values, but the row starts say 3 rows of 2");
}

}  // namespace
}  // namespace shoal::testing
