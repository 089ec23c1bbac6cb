// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::read_text;
using testing::Scratch;

const ParameterLayout layout({.inputs = 2, .hidden = {3}, .outputs = 1, .skip = true});
const RateLayout rates(layout, LearnedRate::layer_step, 2);

template <class Real>
MetaParameters<Real> numbered() {
  MetaParameters<Real> parameters;
  for (std::size_t p = 0; p < layout.size(); ++p)
    parameters.theta.push_back(Real(0.1) + static_cast<Real>(p));
  for (std::size_t r = 0; r < rates.size(); ++r)
    parameters.rates.push_back(Real(-0.3) - static_cast<Real>(r));
  return parameters;
}

TEST(Parameters, RoundTripAndChangePrecision) {
  const Scratch folder;
  write_parameters<double>(folder / "p", layout, rates, numbered<double>(), {{"version", "1"}});
  const auto wide = read_parameters<double>(folder / "p", layout, rates, MissingRates::error, 0.0);
  EXPECT_EQ(wide.parameters.theta, numbered<double>().theta);
  EXPECT_EQ(wide.parameters.rates, numbered<double>().rates);
  EXPECT_EQ(wide.metadata.at("version"), "1");
  const auto narrow = read_parameters<float>(folder / "p", layout, rates, MissingRates::error, 0.0);
  for (std::size_t p = 0; p < layout.size(); ++p)
    EXPECT_EQ(narrow.parameters.theta[p], static_cast<float>(numbered<double>().theta[p]));
  EXPECT_EQ(outputs_in(folder / "p"), 1);
}

TEST(Parameters, MissingUnknownAndMisshapenTensorsAreNamed) {
  const Scratch folder;
  write_parameters<float>(folder / "p", layout, rates, numbered<float>(), {});
  TensorFile good = read_tensor_file(folder / "p");
  good.metadata.clear();  // a plain parameters file: no hash of another content
  const auto refused = [&](const std::string& named, auto change) {
    TensorFile content = good;
    change(content);
    write_tensor_file(folder / "q", content);
    try {
      read_parameters<float>(folder / "q", layout, rates, MissingRates::error, 0.0);
      ADD_FAILURE() << named;
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  for (const auto& [name, tensor] : good.tensors) {
    refused(name, [&](TensorFile& c) { c.tensors.erase(name); });
    refused(name, [&](TensorFile& c) { c.tensors[name].shape.push_back(1); });
    refused(name, [&](TensorFile& c) { c.tensors[name].dtype = DType::i32; });
  }
  const float zero = 0.0f;
  refused("layers.7.weight", [&](TensorFile& c) { c.tensors["layers.7.weight"] = Tensor::of({}, &zero); });
}

TEST(Parameters, LearnedRatesMayStartAtTheInnerRate) {
  const Scratch folder;
  const RateLayout none(layout, LearnedRate::none, 2);
  write_parameters<float>(folder / "p", layout, none, {numbered<float>().theta, {}}, {});
  EXPECT_THROW(read_parameters<float>(folder / "p", layout, rates, MissingRates::error, 0.25), ModelError);
  const auto model = read_parameters<float>(folder / "p", layout, rates, MissingRates::start, 0.25);
  EXPECT_EQ(model.parameters.rates, std::vector<float>(rates.size(), 0.25f));
}

Checkpoint<float> checkpoint_at(std::int64_t iteration) {
  Checkpoint<float> checkpoint;
  checkpoint.iteration = iteration;
  checkpoint.tasks_seen = 25 * iteration;
  checkpoint.tasks_failed = iteration / 3;
  checkpoint.parameters = numbered<float>();
  checkpoint.parameters.theta[0] = static_cast<float>(iteration);
  std::vector<float> moments = numbered<float>().theta;
  moments.insert(moments.end(), rates.size(), 0.5f);
  checkpoint.optimizer = {iteration, moments, moments, 0.1 / 3.0, 1e-300};
  return checkpoint;
}

TrainMetrics metrics_at(std::int64_t iteration) {
  TrainMetrics metrics;
  metrics.iteration = iteration;
  metrics.query_loss = 1.0 / static_cast<double>(iteration);
  metrics.good = 25;
  return metrics;
}

TEST(RunFolder, ResumesFromTheNewestWholeCheckpointAndCutsTheLog) {
  const Scratch folder;
  {
    const auto run = open_run<float>(folder / "run", "manifest", layout, rates, StartFrom::beginning);
    for (std::int64_t i = 1; i <= 10; ++i) {
      run->append(metrics_at(i));
      if (i % 2 == 0) run->save(checkpoint_at(i));
    }
  }
  EXPECT_THROW(open_run<float>(folder / "run", "manifest", layout, rates, StartFrom::beginning),
               InvalidArgument);
  // The newest is cut short, as a power failure might do; the one before counts.
  const auto newest = folder / "run" / "checkpoints" / "checkpoint-10.safetensors";
  folder.file("run/checkpoints/checkpoint-10.safetensors", read_text(newest).substr(0, 100));
  std::vector<std::string> warnings;
  auto run = open_run<float>(folder / "run", "manifest", layout, rates, StartFrom::checkpoint,
                             [&](const std::string& warning) { warnings.push_back(warning); });
  const auto loaded = run->load();
  ASSERT_TRUE(loaded.has_value());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("checkpoint-10.safetensors"), std::string::npos) << warnings[0];
  EXPECT_EQ(loaded->iteration, 8);
  EXPECT_EQ(loaded->tasks_seen, 200);
  EXPECT_EQ(loaded->parameters.theta, checkpoint_at(8).parameters.theta);
  EXPECT_EQ(loaded->optimizer.first, checkpoint_at(8).optimizer.first);
  EXPECT_EQ(loaded->optimizer.beta1_power, 0.1 / 3.0);
  EXPECT_EQ(loaded->optimizer.beta2_power, 1e-300);
  const std::string log = read_text(folder / "run" / "metrics.jsonl");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 8);
  std::size_t kept = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(folder / "run" / "checkpoints"))
    ++kept;
  EXPECT_EQ(kept, 3u);
  run.reset();
  const auto other =
      open_run<float>(folder / "run", "another manifest", layout, rates, StartFrom::checkpoint);
  EXPECT_THROW(other->load(), ModelError);
}

TEST(RunFolder, ARunWithoutAReadableCheckpointIsNotBegunAgain) {
  const auto resume = [](const Scratch& folder) {
    return open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::checkpoint)->load();
  };
  const Scratch fresh;
  EXPECT_FALSE(resume(fresh).has_value());
  for (const char* left : {"model.safetensors", "metrics.jsonl", "checkpoints/checkpoint-5.safetensors"}) {
    const Scratch folder;
    std::filesystem::create_directories(folder / "checkpoints");
    folder.file(left, "not what it was");
    EXPECT_THROW(resume(folder), ModelError) << left;
    EXPECT_EQ(read_text(folder / left), "not what it was");
  }
}

TEST(RunFolder, WhatAKillLeftIsTidiedUp) {
  const Scratch folder;
  std::filesystem::create_directories(folder / "checkpoints");
  folder.file("checkpoints/checkpoint-5.safetensors.tmp.abc234", "half of it");
  open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::checkpoint);
  EXPECT_TRUE(std::filesystem::is_empty(folder / "checkpoints"));
}

// A writer killed at any instant leaves a whole checkpoint behind.
TEST(RunFolder, AKillLeavesAWholeCheckpoint) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int kills = 3;
#else
  constexpr int kills = 30;
#endif
  std::mt19937 random(9);
  for (int round = 0; round < kills; ++round) {
    const Scratch folder;
    const pid_t child = fork();
    if (child == 0) {
      const auto run = open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::beginning);
      for (std::int64_t i = 1;; ++i) {
        run->append(metrics_at(i));
        run->save(checkpoint_at(i));
      }
    }
    // Four lines in the log: the first checkpoints are whole by then.
    const auto lines = [&] {
      const std::string log = read_text(folder / "metrics.jsonl");
      return std::count(log.begin(), log.end(), '\n');
    };
    while (lines() < 4) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto run = open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::checkpoint);
    const auto loaded = run->load();
    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(loaded->parameters.theta, checkpoint_at(loaded->iteration).parameters.theta);
    const std::string log = read_text(folder / "metrics.jsonl");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), loaded->iteration);
  }
}

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
  refused("start at 1", [&](TensorFile& c) { c.tensors["support_offsets"] = offsets({1, 1, 3}); });
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

}  // namespace
}  // namespace shoal
