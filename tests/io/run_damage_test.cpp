// SPDX-License-Identifier: Apache-2.0
// Run folders that are damaged, forged or in use: a resume uses an earlier checkpoint or is refused; it never
// gives other numbers.
// Covers own_files, run_lock.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using testing::read_text;
using testing::Scratch;

const ParameterLayout layout({.inputs = 1, .hidden = {}, .outputs = 1});
const RateLayout rates(layout, LearnedRate::none, 1);

Checkpoint<float> checkpoint_at(std::int64_t iteration) {
  Checkpoint<float> checkpoint;
  checkpoint.iteration = iteration;
  checkpoint.tasks_seen = 4 * iteration;
  checkpoint.tasks_failed = iteration;
  checkpoint.parameters.theta.assign(layout.size(), static_cast<float>(iteration));
  checkpoint.optimizer.step = iteration;
  return checkpoint;
}

/// A run of ten iterations with checkpoints at 0, 5 and 10.
void make_run(const fs::path& folder) {
  const auto run = open_run<float>(folder, "manifest", layout, rates, StartFrom::beginning);
  run->save(checkpoint_at(0));
  for (std::int64_t i = 1; i <= 10; ++i) {
    TrainMetrics metrics;
    metrics.iteration = i;
    run->append(metrics);
    if (i % 5 == 0) run->save(checkpoint_at(i));
  }
}

/// The iteration from which a resume continues, or -1 if it begins; collects the warnings in `warned`.
std::int64_t resumed(const fs::path& folder, std::vector<std::string>* warned = nullptr) {
  const auto run = open_run<float>(folder, "manifest", layout, rates, StartFrom::checkpoint,
                                   [&](const std::string& warning) {
                                     if (warned) warned->push_back(warning);
                                   });
  const auto loaded = run->load();
  if (!loaded) return -1;
  EXPECT_EQ(loaded->parameters.theta, checkpoint_at(loaded->iteration).parameters.theta);
  EXPECT_EQ(loaded->tasks_failed, loaded->iteration);
  return loaded->iteration;
}

const char* const newest = "checkpoints/checkpoint-10.safetensors";

// Flips every single bit of the file: header, padding, tensors.
TEST(RunDamage, AnyFlippedBitIsSeen) {
  const Scratch folder;
  make_run(folder.path());
  const std::string good = read_text(folder / newest);
  for (std::size_t byte = 0; byte < good.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = good;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      folder.file("c.safetensors", flipped);
      try {
        require_content_hash(folder / "c.safetensors", read_tensor_file(folder / "c.safetensors"));
        ADD_FAILURE() << "byte " << byte << ", bit " << bit;
      } catch (const ModelError&) {
      }
    }
  std::vector<std::string> warned;
  folder.file(newest, good.substr(0, good.size() - 1) + static_cast<char>(good.back() ^ 1));
  EXPECT_EQ(resumed(folder.path(), &warned), 5);
  ASSERT_EQ(warned.size(), 1u);
  EXPECT_NE(warned[0].find(newest), std::string::npos) << warned[0];
}

TEST(RunDamage, ACheckpointWithoutAHashIsPassedOver) {
  const Scratch folder;
  make_run(folder.path());
  TensorFile content = read_tensor_file(folder / newest);
  content.metadata.erase(content_hash_key);
  write_tensor_file(folder / newest, content);
  EXPECT_EQ(resumed(folder.path()), 5);
}

// Counters that no run can reach, in a file with a correct hash.
TEST(RunDamage, CountersThatCannotBeArePassedOver) {
  const Scratch folder;
  make_run(folder.path());
  const TensorFile good = read_tensor_file(folder / newest);
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  const std::vector<std::int64_t> impossible[] = {{9, 40, 10, 10},    {11, 40, 10, 10},   {-5, 40, 10, 10},
                                                  {huge, 40, 10, 10}, {10, -1, -1, 10},   {10, 40, -1, 10},
                                                  {10, 40, 41, 10},   {10, huge, 10, 10}, {10, 40, 10, 11},
                                                  {10, 40, 10, -1},   {10, 40, 10}};
  for (const auto& counters : impossible) {
    TensorFile content = good;
    content.tensors["counters"] = Tensor::of({static_cast<std::int64_t>(counters.size())}, counters.data());
    write_hashed_file(folder / newest, content);
    EXPECT_EQ(resumed(folder.path()), 5) << counters[0];
    make_run(folder / "again");  // the log was truncated
    for (const char* file : {"metrics.jsonl", newest})
      fs::copy_file(folder / "again" / file, folder / file, fs::copy_options::overwrite_existing);
    fs::remove_all(folder / "again");
  }
  EXPECT_EQ(resumed(folder.path()), 10);
}

// A checkpoint needs the lines of the log before it; without them the run continues from where the log is
// complete.
TEST(RunDamage, ALogThatLostLinesIsNotGoneOnFrom) {
  const auto after = [](const std::function<std::string(std::string)>& change) {
    const Scratch folder;
    make_run(folder.path());
    folder.file("metrics.jsonl", change(read_text(folder / "metrics.jsonl")));
    return resumed(folder.path());
  };
  const auto half = [](const std::string& log) { return log.find("\"iteration\":7"); };
  EXPECT_EQ(after([](std::string log) { return log + "half a li"; }), 10);
  EXPECT_EQ(after([&](std::string log) { return log.substr(0, half(log)); }), 5);
  EXPECT_EQ(after([&](std::string log) { return log.replace(half(log), 1, "x"); }), 5);
  EXPECT_EQ(after([](std::string) { return std::string(); }), 0);
}

// An extended run drops lines that a long run would not have; a kill before or after that loses none of the
// others.
TEST(RunDamage, AThinnedLogAndTheOneBeforeAreBothGoneOnFrom) {
  const Scratch folder;
  make_run(folder.path());
  const std::string before = read_text(folder / "metrics.jsonl");
  {
    const auto run = open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::checkpoint);
    ASSERT_TRUE(run->load());
    run->thin(5, 0);
  }
  const std::string after = read_text(folder / "metrics.jsonl");
  EXPECT_EQ(std::count(before.begin(), before.end(), '\n'), 10);
  EXPECT_EQ(std::count(after.begin(), after.end(), '\n'), 2);
  EXPECT_EQ(resumed(folder.path()), 10);
  EXPECT_EQ(read_text(folder / "metrics.jsonl"), after);
  folder.file("metrics.jsonl", before);
  EXPECT_EQ(resumed(folder.path()), 10);
  EXPECT_EQ(read_text(folder / "metrics.jsonl"), before);
}

TEST(RunDamage, ALogThatCannotBeReadIsAnErrorAndStays) {
  const Scratch folder;
  make_run(folder.path());
  fs::remove(folder / "metrics.jsonl");
  fs::create_directory(folder / "metrics.jsonl");
  EXPECT_THROW(resumed(folder.path()), ResourceError);
}

TEST(RunDamage, OneProcessAtATime) {
  const Scratch folder;
  const auto run = open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::beginning);
  folder.file("checkpoints/checkpoint-0.safetensors.tmp.abcdef", "being written");
  try {
    open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::checkpoint);
    ADD_FAILURE() << "two of them";
  } catch (const ResourceError& error) {
    EXPECT_EQ(std::string(error.what()).find(folder.path().string()), 0u) << error.what();
    EXPECT_NE(std::string(error.what()).find(std::to_string(getpid())), std::string::npos) << error.what();
  }
  EXPECT_TRUE(fs::exists(folder / "checkpoints/checkpoint-0.safetensors.tmp.abcdef"));
}

// Before the first iteration there is nothing to lose, so another run may begin in the folder, with or
// without resume.
TEST(RunDamage, ARunThatNeverBeganDoesNotStandInTheWay) {
  const Scratch folder;
  open_run<float>(folder.path(), "manifest", layout, rates, StartFrom::beginning)->save(checkpoint_at(0));
  folder.file("metrics.jsonl", "");
  const auto resume = [&] {
    return open_run<float>(folder.path(), "another manifest", layout, rates, StartFrom::checkpoint)->load();
  };
  EXPECT_FALSE(resume().has_value());
  EXPECT_NO_THROW(open_run<float>(folder.path(), "another manifest", layout, rates, StartFrom::beginning));
  folder.file("metrics.jsonl", "{\"iteration\":1}\n");
  EXPECT_THROW(resume(), ModelError);
  EXPECT_THROW(open_run<float>(folder.path(), "another manifest", layout, rates, StartFrom::beginning),
               InvalidArgument);
}

// Links, pipes and folders with the names of Shoal's own files are refused, and nothing behind them changes.
TEST(RunDamage, OwnFilesAreFilesOfTheFolder) {
  for (const char* name :
       {"model.safetensors", "metrics.jsonl", "run.json", "train.log", "lock", newest, "checkpoints"}) {
    const Scratch folder, elsewhere;
    make_run(folder.path());
    folder.file("model.safetensors", "x");
    folder.file("run.json", "x");
    folder.file("train.log", "x");
    const fs::path victim = elsewhere / "victim";
    if (fs::is_directory(folder / name)) {
      fs::create_directory(victim);
      elsewhere.file("victim/checkpoint-1.safetensors.tmp.abcdef", "x");
    } else {
      elsewhere.file("victim", "x");
    }
    fs::remove_all(folder / name);
    fs::create_symlink(victim, folder / name);
    try {
      resumed(folder.path());
      ADD_FAILURE() << name;
    } catch (const ResourceError& error) {
      EXPECT_EQ(std::string(error.what()).find((folder / name).string() + ": is a symbolic link"), 0u)
          << error.what();
    }
    EXPECT_EQ(elsewhere.entries(), 1u);
    EXPECT_TRUE(fs::is_directory(victim) ? !fs::is_empty(victim) : read_text(victim) == "x") << name;
    fs::remove(folder / name);
    ASSERT_EQ(::mkfifo((folder / name).c_str(), 0600), 0);
    EXPECT_THROW(resumed(folder.path()), ResourceError) << name;
  }
  // The folder itself may be a link, because a user made it.
  const Scratch folder;
  make_run(folder / "real");
  fs::create_symlink("real", folder / "link");
  EXPECT_EQ(resumed(folder / "link"), 10);
}

TEST(WriteFile, RefusesLinksWhereItIsAskedTo) {
  const Scratch folder;
  folder.file("there", "old");
  fs::create_symlink("there", folder / "link");
  EXPECT_THROW(write_file(folder / "link", std::string("new"), Links::refused), ResourceError);
  EXPECT_EQ(read_text(folder / "there"), "old");
  EXPECT_THROW(append_line(folder / "link", "new\n"), ResourceError);
  EXPECT_EQ(read_text(folder / "there"), "old");
}

// A file that somebody has put at the possible name of a temporary file is not written to.
TEST(WriteFile, TemporariesHaveNamesThatNobodyKnows) {
  const Scratch folder;
  folder.file("victim", "old");
  fs::create_symlink("victim", folder / ("f.tmp." + std::to_string(getpid())));
  write_file(folder / "f", std::string("new"));
  EXPECT_EQ(read_text(folder / "victim"), "old");
  const auto mask = ::umask(027);
  write_file(folder / "g", std::string("new"));
  ::umask(mask);
  EXPECT_EQ(fs::status(folder / "g").permissions(), static_cast<fs::perms>(0640));
}

}  // namespace
}  // namespace shoal
