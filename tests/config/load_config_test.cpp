// SPDX-License-Identifier: Apache-2.0
// load_config: which values override which, the messages, and the names of mistakes.
#include <gtest/gtest.h>

#include <shoal/config.hpp>
#include <shoal/error.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LoadConfig, PutsOverridesOverTheFileOverTheBase) {
  const testing::Scratch scratch;
  const std::string file = scratch.file("run.toml", "[train]\nlr = 0.5\niterations = 9\n");
  RunConfig base;
  base.seed = 11;
  base.train.iterations = 5;
  base.train.optimizer.learning_rate = 0.25;
  const RunConfig config =
      load_config(file, {"train.lr=0.125", "model.hidden=[3, 4]", "train.lr=0.0625"}, {}, base);
  EXPECT_EQ(config.seed, 11u);
  EXPECT_EQ(config.train.iterations, 9);
  EXPECT_EQ(config.train.optimizer.learning_rate, 0.0625) << "the last override counts";
  EXPECT_EQ(config.model.hidden, (std::vector<int>{3, 4}));
  EXPECT_EQ(to_toml(load_config("")), to_toml(RunConfig{})) << "no file is none";
}

TEST(LoadConfig, FindsFilesFromTheFolderOfTheConfiguration) {
  const testing::Scratch scratch;
  const std::string file = scratch.file("run.toml", "[tasks]\nsource = \"table\"\npath = \"data/a.csv\"\n");
  EXPECT_EQ(load_config(file).tasks.table.path, (scratch / "data/a.csv").string());
  EXPECT_EQ(load_config(file, {"tasks.path=b.csv"}).tasks.table.path, "b.csv");
}

TEST(LoadConfig, TakesALiteralTextAsItIs) {
  const std::string odd = "\"a' \\ b\".csv\xff";
  const RunConfig config =
      load_config("", {{"tasks.source", "file", "--tasks"}, {"tasks.path", odd, "--tasks", true}});
  EXPECT_EQ(config.tasks.source, TaskSourceKind::file);
  EXPECT_EQ(config.tasks.table.path, odd);
}

TEST(LoadConfig, TellsOfOverridesWithoutUseAndPrintsNothing) {
  std::vector<Notice> notices;
  const Notify keep = [&](const Notice& notice) { notices.push_back(notice); };
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  load_config("", {"train.momentum=0.5", {"loss.delta=2", "--set "}, "train.lr=0.5"}, keep);
  load_config("", {"train.momentum=0.5"});
  EXPECT_EQ(::testing::internal::GetCapturedStderr() + ::testing::internal::GetCapturedStdout(), "");
  ASSERT_EQ(notices.size(), 2u);
  for (const Notice& notice : notices) EXPECT_EQ(notice.kind, Notice::Kind::warning);
  EXPECT_EQ(notices[0].text, "--set loss.delta: has no effect: nothing in this configuration uses it");
  EXPECT_EQ(notices[1].text, "train.momentum: has no effect: it is for train.optimizer = \"momentum\"");
}

TEST(LoadConfig, NamesMistakesByTheirOrigin) {
  const testing::Scratch scratch;
  const std::string file = scratch.file("run.toml", "[train]\nlrr = 1\n");
  EXPECT_EQ(refusal([&] { load_config(file); }),
            file + ":2:7: train.lrr: unknown key (did you mean \"train.lr\"?)");
  EXPECT_EQ(refusal([] { load_config("", {"train.lr=fast"}); }),
            "train.lr=fast: train.lr: expected a value of type number");
  EXPECT_EQ(refusal([] {
              load_config("", {{"threads", "many", "SHOAL_THREADS=many"}});
            }),
            "SHOAL_THREADS=many: threads: expected a value of type integer");
  EXPECT_EQ(refusal([] { load_config("", {"train.lr"}); }), "train.lr: expected key=value");
  EXPECT_EQ(refusal([] { load_config("", {{"=3", "--set "}}); }), "--set =3: expected key=value");
  EXPECT_EQ(refusal([] { load_config("", {"evaluate.steps=[]"}); }),
            "evaluate.steps: needs at least one number of steps");
}

}  // namespace
}  // namespace shoal
