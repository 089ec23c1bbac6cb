// SPDX-License-Identifier: Apache-2.0
// Tasks in a file of tensors, and the source made from it.
// Covers file_source.
#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

TaskBatch64 two_tasks() {
  TaskSetStorage<double> support{{1, 2, 3, 4, 5, 6}, {0.1, 0.2, 0.3}, {}, {}, {0, 1, 3}};
  TaskSetStorage<double> query{{7, 8, 9, 10}, {0.7, 0.9}, {}, {}, {0, 1, 2}};
  return TaskBatch64::own({2, 1, 0}, support, query, {42, 7});
}

TEST(TaskFile, RoundTripsInBothPrecisions) {
  const Scratch folder;
  write_task_file(folder / "wide", two_tasks());
  write_task_file(folder / "narrow", narrow(two_tasks()));
  for (const char* name : {"wide", "narrow"}) {
    const TaskBatch64 read = read_task_file(folder / name);
    EXPECT_EQ(read.size(), 2);
    EXPECT_EQ(read.ids()[0], 42);
    EXPECT_EQ(read.support().x[5], 6.0);
    EXPECT_NEAR(read.query().y[1], 0.9, 1e-7);
  }
  EXPECT_TRUE(std::holds_alternative<TaskBatch64>(read_tasks(folder / "wide")));
  EXPECT_TRUE(std::holds_alternative<TaskBatch>(read_tasks(folder / "narrow")));
  for (const char* name : {"wide", "narrow"}) {
    const auto source = make_file_source(folder / name, 1);
    EXPECT_EQ(source->evaluation64(Phase::test, 0).ids()[0], 7);  // in order of id
    EXPECT_EQ(source->evaluation64(Phase::test, 0).support().x[0], 3.0);
    EXPECT_EQ(source->evaluation(Phase::test, 0).query().y[1], 0.7f);
    EXPECT_EQ(source->sample(Phase::train, 5, 10).size(), 2);
  }
}

TEST(TaskFile, TasksInOrderOfIdAreNotCopied) {
  const Scratch folder;
  TaskSetStorage<float> rows{{1, 2}, {3, 4}, {}, {}, {0, 1, 2}};
  write_task_file(folder / "t", TaskBatch::own({1, 1, 0}, rows, rows, {7, 42}));
  const auto source = make_file_source(folder / "t", 1);
  EXPECT_EQ(source->evaluation(Phase::test, 0).support().x.data(),
            source->evaluation(Phase::train, 0).support().x.data());
}

TEST(TaskFile, RefusesWhatTheContractSays) {
  const Scratch folder;
  write_task_file(folder / "good", two_tasks());
  const TensorFile good = read_tensor_file(folder / "good");
  const auto refused = [&](const std::string& named, auto change) {
    TensorFile content = good;
    change(content);
    write_tensor_file(folder / "bad", content);
    try {
      read_task_file(folder / "bad");
      ADD_FAILURE() << "accepted: " << named;
    } catch (const DataError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find((folder / "bad").string()), 0u) << message;
      EXPECT_NE(message.find(named), std::string::npos) << message;
    }
  };
  for (const auto& [name, tensor] : good.tensors) {
    refused(name, [&](TensorFile& c) { c.tensors.erase(name); });
    refused(name,
            [&](TensorFile& c) { c.tensors[name].dtype = DType::i32, c.tensors[name].shape.push_back(2); });
  }
  const auto offsets = [](std::vector<std::int64_t> values) {
    return Tensor::of({static_cast<std::int64_t>(values.size())}, values.data());
  };
  refused("begin at 1", [&](TensorFile& c) { c.tensors["support_offsets"] = offsets({1, 1, 3}); });
  refused("fall at task 1", [&](TensorFile& c) { c.tensors["support_offsets"] = offsets({0, 4, 3}); });
  refused("support x", [&](TensorFile& c) { c.tensors["support_offsets"] = offsets({0, 1, 2}); });
  refused("3 entries", [&](TensorFile& c) { c.tensors["task_id"] = offsets({1}); });
  refused("occurs twice", [&](TensorFile& c) { c.tensors["task_id"] = offsets({7, 7}); });
  refused("no tasks", [&](TensorFile& c) { c.tensors["task_id"] = offsets({}); });
  refused("unknown tensor", [&](TensorFile& c) { c.tensors["extra"] = offsets({1}); });
  refused("differ", [&](TensorFile& c) { c.tensors["query_x"].shape = {4, 1}; });
  refused("class labels", [&](TensorFile& c) { c.tensors["query_y"] = offsets({0, 1}); });
  refused("negative", [&](TensorFile& c) {
    c.tensors["query_y"] = offsets({0, -1});
    c.tensors["support_y"] = offsets({0, 1, 1});
  });
}

TEST(TaskFile, RowsOnADeviceAreRefused) {
  const Scratch folder;
  const TaskBatch64 host = two_tasks();
  TaskSet<double> support = host.support(), query = host.query();
  support.device = query.device = 0;
  const auto tasks = TaskBatch64::borrow(host.columns(), support, query, host.ids());
  EXPECT_THROW(write_task_file(folder / "tasks", tasks), InvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder / "tasks"));
}

}  // namespace
}  // namespace shoal
