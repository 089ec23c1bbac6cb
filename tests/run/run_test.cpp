// SPDX-License-Identifier: Apache-2.0
// Run: an opened run evaluates, adapts and predicts in memory, with the bits that its files would have.
// Covers adapt, adapted_file, evaluate, opened_data, predict, prediction_file, prediction_order, task_report,
// trained_model.
#include <shoal/run.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>

#include <shoal/error.hpp>
#include <shoal/open_tasks.hpp>
#include <shoal/task_file.hpp>
#include <shoal/train_run.hpp>

#include "run/clients.hpp"

namespace shoal {
namespace {

using testing::clients_config;
using testing::clients_table;
using testing::Heard;
using testing::read_text;
using testing::Scratch;

template <class Real>
std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, static_cast<Real>(value)).ptr};
}

/// The CSV file of predictions in memory, if no text needs quotes and no response is a label.
template <class Real>
std::string as_csv(const Predictions& p) {
  std::string text;
  for (const std::string& name : p.key_names) text += name + ",";
  text += "task,task_id,row,time,phase,steps";
  for (const std::string& name : p.target_names) text += "," + name;
  for (int j = 0; j < p.outputs; ++j) text += ",output_" + std::to_string(j);
  for (const Response& response : p.responses) text += "," + response.name;
  text += "\n";
  const auto outputs = static_cast<std::size_t>(p.outputs);
  for (std::size_t row = 0; row < p.task.size(); ++row) {
    for (const auto& key : p.keys) text += key[row] + ",";
    text += p.task[row] + "," + std::to_string(p.task_id[row]) + "," + std::to_string(p.row[row]) + "," +
            p.time[row] + "," + p.phase[row] + "," + std::to_string(p.steps[row]);
    for (const auto& target : p.targets) text += "," + target[row];
    for (std::size_t j = 0; j < outputs; ++j) text += "," + number<Real>(p.output[row * outputs + j]);
    for (std::size_t i = 0; i < p.responses.size(); ++i)
      text += "," + number<Real>(p.response[row * p.responses.size() + i]);
    text += "\n";
  }
  return text;
}

class RunTest : public ::testing::Test {
 protected:
  /// Trains on the table of clients, in the folder "run".
  TrainReport train(std::vector<ConfigOverride> more = {}) {
    return train_run(clients_config(table_, std::move(more)), scratch_ / "run");
  }
  shoal::Run open(std::vector<ConfigOverride> overrides = {}) {
    RunOptions options;
    options.overrides = std::move(overrides);
    options.notify = heard_.notify();
    return shoal::Run::open(scratch_ / "run", options);
  }

  Scratch scratch_;
  std::string table_ = clients_table(scratch_, "clients.csv", 14);
  std::string new_table_ = clients_table(scratch_, "new.csv", 6, 50);
  Heard heard_;
};

TEST_F(RunTest, EvaluatesItsOwnTestTasksAsTheTrainingDid) {
  const TrainReport report = train();
  const shoal::Run run = open();
  EXPECT_EQ(run.file().string(), (scratch_ / "run" / "model.safetensors").string());
  EXPECT_EQ(run.metadata().at("selected_iteration"), std::to_string(report.training.selected_iteration));
  EXPECT_FALSE(run.is_adapted());
  const Evaluation evaluation = run.evaluate();
  EXPECT_EQ(evaluation.phase, "test");
  EXPECT_EQ(evaluation.data.file, table_);
  EXPECT_EQ(evaluation.trained_on_tasks, 0);
  ASSERT_EQ(evaluation.summary.size(), report.evaluation.size());
  for (std::size_t i = 0; i < evaluation.summary.size(); ++i) {
    EXPECT_EQ(evaluation.summary[i].mean, report.evaluation[i].mean);
    EXPECT_EQ(evaluation.summary[i].tasks, report.evaluation[i].tasks);
  }
  for (const ReportedTask& task : evaluation.tasks) {
    EXPECT_EQ(task.phase, "test");
    EXPECT_EQ(task.trained_on, false);
  }
  EXPECT_NO_THROW(require_few_failures(evaluation));
}

TEST_F(RunTest, PicksPhases) {
  train();
  const shoal::Run run = open();
  EvaluateOptions options;
  options.phase = Phase::train;
  const Evaluation train_tasks = run.evaluate(options);
  EXPECT_EQ(train_tasks.phase, "train");
  EXPECT_EQ(train_tasks.trained_on_tasks, static_cast<std::int64_t>(train_tasks.tasks.size()));
  EXPECT_TRUE(Heard::any(heard_.notes, "the model was trained on these tasks"));
  options = {};
  options.all_phases = true;
  EXPECT_EQ(run.evaluate(options).tasks.size(), 13u);
  options = {};
  options.data = std::filesystem::path(new_table_);
  options.steps = {0, 1, 3};
  const Evaluation others = run.evaluate(options);
  EXPECT_EQ(others.phase, "all");
  EXPECT_EQ(others.losses.steps, (std::vector<int>{0, 1, 3}));
  for (const ReportedTask& task : others.tasks) EXPECT_EQ(task.phase, "new");
  options.phase = Phase::validation;
  EXPECT_THROW(run.evaluate(options), DataError) << "none of these tasks was a validation task";
}

TEST_F(RunTest, PredictsInMemoryWhatItWrites) {
  train();
  const shoal::Run run = open();
  for (const std::string& data : {table_, new_table_}) {
    const Predictions predictions = run.predict(data);
    const TaskReport report = run.write_predictions(scratch_ / "p.csv", data);
    ASSERT_FALSE(predictions.task.empty());
    EXPECT_EQ(as_csv<float>(predictions), read_text(scratch_ / "p.csv"));
    EXPECT_EQ(predictions.report.good, report.good);
    EXPECT_EQ(report.query_rows, static_cast<std::int64_t>(predictions.task.size()));
    EXPECT_EQ(predictions.key_names, (std::vector<std::string>{"client"}));
    EXPECT_EQ(predictions.responses.at(0).kind, ResponseKind::prediction);
  }
  EvaluateOptions options;
  options.predictions = scratch_ / "e.csv";
  run.evaluate(options);
  EXPECT_NE(read_text(scratch_ / "e.csv").find("\nclient "), std::string::npos);
}

TEST_F(RunTest, ComputesInDoubleOnTheReferenceBackend) {
  train({"backend=reference"});
  const shoal::Run run = open({"backend=reference"});
  const AdaptedModels adapted = run.adapt(new_table_);
  EXPECT_TRUE(std::holds_alternative<FastWeights<double>>(adapted.models));
  run.write_predictions(scratch_ / "p.csv", new_table_);
  EXPECT_EQ(as_csv<double>(run.predict(adapted, new_table_)), read_text(scratch_ / "p.csv"));
  // Another backend rounds them as it rounds those of a file.
  write_adapted(scratch_ / "a.safetensors", adapted);
  RunOptions on_cpu;
  on_cpu.overrides = {"backend=cpu"};
  const Predictions from_file = shoal::Run::open(scratch_ / "a.safetensors", on_cpu).predict(new_table_);
  EXPECT_EQ(open({"backend=cpu"}).predict(adapted, new_table_).output, from_file.output);
  EXPECT_EQ(from_file.report.backend, "cpu");
}

TEST_F(RunTest, AdaptedModelsPredictFromMemoryAndFromTheirFile) {
  train();
  const shoal::Run run = open();
  const AdaptedModels adapted = run.adapt(new_table_, 3);
  EXPECT_EQ(adapted.steps, 3);
  EXPECT_EQ(adapted.tasks.size(), 6u) << "no key is too short to adapt";
  EXPECT_EQ(adapted.report.good, 6);
  EXPECT_EQ(adapted.tasks.front().phase, "new");
  EXPECT_EQ(std::get<FastWeights<float>>(adapted.models).phi.size(), 6 * adapted.layout.size());
  write_adapted(scratch_ / "a.safetensors", adapted);
  const shoal::Run again = shoal::Run::open(scratch_ / "a.safetensors");
  EXPECT_TRUE(again.is_adapted());
  const std::string direct = as_csv<float>(run.predict(new_table_, 3));
  EXPECT_EQ(as_csv<float>(run.predict(adapted, new_table_)), direct);
  EXPECT_EQ(as_csv<float>(again.predict(new_table_)), direct);
  EXPECT_THROW(again.predict(new_table_, 3), InvalidArgument) << "they have been adapted already";
  EXPECT_THROW(again.predict(table_), DataError) << "no model for these tasks";
  EXPECT_THROW(run.predict(adapted, table_), DataError);
  AdaptedModels of_another = adapted;
  of_another.layout = ParameterLayout({.inputs = 1, .hidden = {2}, .outputs = 1});
  EXPECT_THROW(run.predict(of_another, new_table_), ModelError);
}

TEST_F(RunTest, TasksInMemoryAreThoseOfTheirFile) {
  train();
  const OpenedTasks tasks = open_tasks(clients_config(table_, {"tasks.scale_targets=false"}));
  const TaskBatch batch = tasks.source->evaluation(Phase::test, 1000);
  write_task_file(scratch_ / "t.safetensors", batch);
  const shoal::Run run = open();
  const std::filesystem::path file = scratch_ / "t.safetensors";
  const Predictions from_file = run.predict(file), from_memory = run.predict(batch);
  ASSERT_FALSE(from_file.output.empty());
  EXPECT_EQ(as_csv<float>(from_memory), as_csv<float>(from_file));
  EXPECT_EQ(from_memory.phase.front(), "test") << "ids of a table are those of keys";
  EXPECT_EQ(from_memory.report.data.file, "");
  EvaluateOptions options;
  options.data = file;
  const Evaluation of_file = run.evaluate(options);
  options.data = widen(batch);
  const Evaluation of_memory = run.evaluate(options);
  EXPECT_EQ(of_memory.losses.loss, of_file.losses.loss);
  EXPECT_EQ(run.predict(run.adapt(batch), batch).output, from_file.output);
}

TEST_F(RunTest, TellsOfOverridesWithoutEffectAndRefusesThoseOfTheAlgorithm) {
  train();
  open({"train.lr=0.5"}).evaluate();
  EXPECT_TRUE(Heard::any(heard_.warnings, "train.lr: has no effect here: the model is trained already"));
  try {
    open({"algorithm.inner_steps=3"}).evaluate();
    FAIL() << "evaluate.steps says after how many steps to evaluate";
  } catch (const InvalidArgument& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("algorithm.inner_steps: has no effect here: "))
        << error.what();
  }
  const shoal::Run run = open({"algorithm.inner_steps=3"});
  EXPECT_EQ(run.trained_config().seed, 7u);
  EXPECT_EQ(inner_loop_of(run.config().algorithm).steps, 3);
  EXPECT_EQ(as_csv<float>(run.predict(new_table_)), as_csv<float>(open().predict(new_table_, 3)));
  EXPECT_THROW(open({"model.hidden=[3]"}), InvalidArgument);
  EXPECT_THROW(open({"loss.name=huber"}), InvalidArgument);
  EXPECT_THROW(open({"seed=8"}).evaluate(), InvalidArgument) << "the seed decides the split";
}

TEST_F(RunTest, WarnsWhenItsDataHaveChanged) {
  train();
  clients_table(scratch_, "clients.csv", 15);
  open().evaluate();
  EXPECT_TRUE(Heard::any(heard_.warnings, "clients.csv has changed since the model was trained on it"));
  std::filesystem::remove(table_);
  EXPECT_THROW(open().evaluate(), DataError);
  EXPECT_FALSE(open().predict(new_table_).task.empty()) << "the model alone is enough";
}

TEST_F(RunTest, NeverWritesOverWhatItReads) {
  train();
  const shoal::Run run = open();
  const std::string before = read_text(new_table_);
  EXPECT_THROW(run.write_predictions(new_table_, new_table_), InvalidArgument);
  EXPECT_THROW(run.write_predictions(run.file(), new_table_), InvalidArgument);
  EvaluateOptions options;
  options.predictions = table_;
  EXPECT_THROW(run.evaluate(options), InvalidArgument) << "the run's own data";
  EXPECT_EQ(read_text(new_table_), before);
}

TEST_F(RunTest, OpensNothingElse) {
  EXPECT_THROW(shoal::Run::open(scratch_ / "nothing"), ModelError);
  EXPECT_THROW(shoal::Run::open(table_), ModelError);
}

TEST(GeneratedRun, EvaluatesAndPredictsWhatItGenerates) {
  const Scratch scratch;
  const RunConfig config = load_config("", {"threads=1", "backend=cpu", "tasks.source=xsinx-window",
                                            "model.hidden=[4]", "train.iterations=3", "evaluate.tasks=5"});
  const TrainReport report = train_run(config, scratch / "run");
  const shoal::Run run = shoal::Run::open(scratch / "run");
  const Evaluation evaluation = run.evaluate();
  EXPECT_EQ(evaluation.summary.front().mean, report.evaluation.front().mean);
  EXPECT_EQ(evaluation.tasks.size(), 5u);
  const Predictions predictions = run.predict(std::filesystem::path());
  EXPECT_EQ(predictions.task.size(), 50u);
  run.write_predictions(scratch / "p.csv", std::filesystem::path());
  EXPECT_EQ(as_csv<float>(predictions), read_text(scratch / "p.csv"));
  EvaluateOptions options;
  options.all_phases = true;
  EXPECT_THROW(run.evaluate(options), InvalidArgument);
}

}  // namespace
}  // namespace shoal
