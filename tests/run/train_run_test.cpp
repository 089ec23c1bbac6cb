// SPDX-License-Identifier: Apache-2.0
// train_run: its report, messages and files; a stopped run continues to the same bytes.
// Covers failed_tasks, manifest, model_selection, train_log, train_options.
#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/train_run.hpp>

#include "run/clients.hpp"

namespace shoal {
namespace {

using testing::clients_config;
using testing::clients_table;
using testing::Heard;
using testing::read_text;
using testing::Scratch;

TEST(TrainRun, ReportsAndTellsButPrintsNothing) {
  const Scratch scratch;
  const RunConfig config =
      clients_config(clients_table(scratch, "clients.csv", 14), {"train.validate_every=5"});
  Heard heard;
  std::vector<std::string> calls;
  TrainRunOptions options;
  options.notify = heard.notify();
  options.started = [&](const TrainPlan& plan) {
    calls.push_back("started " + std::to_string(plan.from) + " " + std::to_string(plan.iterations) + " " +
                    std::to_string(plan.log_every));
  };
  options.observer = [&](const TrainMetrics& metrics) { calls.push_back(std::to_string(metrics.iteration)); };
  options.validation_observer = [&](const Validation& look) {
    calls.push_back("look " + std::to_string(look.iteration));
  };
  options.ended = [&] { calls.push_back("ended"); };
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const TrainReport report = train_run(config, scratch / "run", options);
  EXPECT_EQ(::testing::internal::GetCapturedStderr() + ::testing::internal::GetCapturedStdout(), "");

  ASSERT_EQ(calls.size(), 1u + 20u + 4u + 1u);
  EXPECT_EQ(calls[0], "started 0 20 1");
  EXPECT_EQ(calls[5], "look 5") << "a look comes before its iteration is told";
  EXPECT_EQ(calls[6], "5");
  EXPECT_EQ(calls.back(), "ended");
  EXPECT_TRUE(Heard::any(heard.notes, "clients.csv: left out: 2 rows of 1 key with"));
  EXPECT_TRUE(Heard::any(heard.notes, "clients.csv: target \"spent\" is scaled by its mean"));

  EXPECT_EQ(report.training.outcome, TrainOutcome::finished);
  EXPECT_EQ(report.training.iteration, 20);
  EXPECT_EQ(report.backend, "cpu");
  EXPECT_EQ(report.data.file, config.tasks.table.path);
  EXPECT_EQ(report.data.left_out->rows(LeftOutRule::too_few), 2);
  EXPECT_TRUE(report.data.preprocessing->target_units.scale());
  ASSERT_EQ(report.evaluation.size(), 2u);
  EXPECT_EQ(report.evaluation[1].steps, 2);
  EXPECT_FALSE(report.evaluated_on_training_tasks);
  EXPECT_NE(describe_selection(report).find("the model is that of iteration"), std::string::npos);
  EXPECT_NO_THROW(require_few_failures(report));
  for (const char* file : {"model.safetensors", "metrics.jsonl", "run.json", "train.log", "checkpoints"})
    EXPECT_TRUE(std::filesystem::exists(scratch / "run" / file)) << file;
  const std::string log = read_text(scratch / "run" / "train.log");
  for (const char* part : {"starts: shoal ", "left out of the data: {\"rows\":15,",
                           "scaling: {\"targets\":", "finished after iteration 20: 0 of "})
    EXPECT_NE(log.find(part), std::string::npos) << part << "\n" << log;
}

TEST(TrainRun, StopsWhereItIsAskedAndGoesOnToTheSameBytes) {
  const Scratch scratch;
  const RunConfig config = clients_config(clients_table(scratch, "clients.csv", 14));
  train_run(config, scratch / "whole");

  int done = 0;
  TrainRunOptions options;
  options.observer = [&](const TrainMetrics&) { ++done; };
  options.stop = [&] { return done == 7; };
  options.stopped_by = "a test";
  const TrainReport stopped = train_run(config, scratch / "parts", options);
  EXPECT_EQ(stopped.training.outcome, TrainOutcome::stopped);
  EXPECT_EQ(stopped.training.iteration, 7);
  EXPECT_TRUE(stopped.evaluation.empty());
  EXPECT_FALSE(std::filesystem::exists(scratch / "parts" / "model.safetensors"));
  EXPECT_NE(read_text(scratch / "parts" / "train.log").find("stopped by a test after iteration 7"),
            std::string::npos);

  TrainRunOptions resume;
  std::int64_t from = -1;
  resume.start = StartFrom::checkpoint;
  resume.started = [&](const TrainPlan& plan) { from = plan.from; };
  EXPECT_EQ(train_run(config, scratch / "parts", resume).training.outcome, TrainOutcome::finished);
  EXPECT_EQ(from, 7);
  for (const char* file : {"model.safetensors", "metrics.jsonl"})
    EXPECT_EQ(read_text(scratch / "parts" / file), read_text(scratch / "whole" / file)) << file;
}

TEST(TrainRun, RefusesBeforeItWrites) {
  const Scratch scratch;
  const std::string table = clients_table(scratch, "clients.csv", 14);
  const RunConfig config = clients_config(table);
  train_run(config, scratch / "run");
  EXPECT_THROW(train_run(config, scratch / "run"), InvalidArgument) << "it holds a run";
  RunConfig other = config;
  other.seed = 8;
  TrainRunOptions resume;
  resume.start = StartFrom::checkpoint;
  EXPECT_THROW(train_run(other, scratch / "run", resume), ModelError) << "it holds another run";
  EXPECT_THROW(train_run(clients_config(table, {"tasks.targets=[\"grade\"]"}), scratch / "bad"), Error);
  EXPECT_THROW(
      train_run(clients_config(table, {"train.patience=3", "train.validate_every=0"}), scratch / "bad"),
      InvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(scratch / "bad"));
}

TEST(TrainRun, ReportsFailedTasksAndLetsTheCallerThrow) {
  const Scratch scratch;
  const RunConfig config =
      clients_config(clients_table(scratch, "clients.csv", 14), {"algorithm.max_move=1e-12"});
  const TrainReport report = train_run(config, scratch / "run");
  EXPECT_EQ(report.training.tasks_failed, report.training.tasks_seen);
  ASSERT_FALSE(report.failures.empty());
  EXPECT_NE(report.failures.front().key.find("client "), std::string::npos);
  try {
    require_few_failures(report);
    FAIL() << "every task failed";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("in training 80 of 80 tasks failed: \"client "),
              std::string::npos)
        << error.what();
  }
}

TEST(TrainRun, StartsFromAnotherRun) {
  const Scratch scratch;
  const std::string table = clients_table(scratch, "clients.csv", 14);
  train_run(clients_config(table, {"algorithm.name=pooled"}), scratch / "pooled");
  RunConfig config = clients_config(table, {"tasks.scale_targets=false", "train.lr=0"});
  config.train.warm_start = (scratch / "pooled").string();
  Heard heard;
  TrainRunOptions options;
  options.notify = heard.notify();
  train_run(config, scratch / "run", options);
  EXPECT_TRUE(Heard::any(heard.warnings, "train.warm_start: the targets of "));
  config.train.warm_start = (scratch / "nothing").string();
  EXPECT_THROW(train_run(config, scratch / "other"), Error);
}

}  // namespace
}  // namespace shoal
