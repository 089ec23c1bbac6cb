// SPDX-License-Identifier: Apache-2.0
// Runs that are stopped, killed and resumed: the newest complete checkpoint counts, and the log is truncated
// to it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>

#include "io/numbered_parameters.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::layout;
using testing::numbered;
using testing::rates;
using testing::read_text;
using testing::Scratch;

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
  // The newest checkpoint is truncated, as by a power failure; the one before it counts.
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

// A writer that is killed at any moment leaves a complete checkpoint.
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
    // Wait for four lines in the log: by then the first checkpoints are complete.
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

}  // namespace
}  // namespace shoal
