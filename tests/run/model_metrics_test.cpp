// SPDX-License-Identifier: Apache-2.0
// Metrics of trained runs: on which rows they are, and that they are those of the predictions.
#include <shoal/model_metrics.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include <shoal/error.hpp>
#include <shoal/run.hpp>

#include "run/clients.hpp"

namespace shoal {
namespace {

using testing::clients_config;
using testing::clients_table;
using testing::Scratch;

class ModelMetricsTest : public ::testing::Test {
 protected:
  TrainReport train(std::vector<ConfigOverride> more = {}) {
    return train_run(clients_config(table_, std::move(more)), scratch_ / "run");
  }

  Scratch scratch_;
  std::string table_ = clients_table(scratch_, "clients.csv", 40);
};

TEST_F(ModelMetricsTest, AreThoseOfThePredictions) {
  const TrainReport report = train();
  const shoal::Run run = shoal::Run::open(scratch_ / "run");
  const std::string file = (scratch_ / "p.csv").string();
  EvaluateOptions options;
  options.predictions = file;
  const Evaluation evaluation = run.evaluate(options);
  ASSERT_EQ(evaluation.models.size(), 2u);
  ASSERT_EQ(report.models.size(), 2u);
  // Squared errors of the predictions, by number of steps.
  std::map<int, std::pair<double, int>> squared;
  std::ifstream lines(file);
  std::string line, cell;
  std::getline(lines, line);
  std::map<std::string, std::size_t> column;
  std::istringstream header(line);
  for (std::size_t i = 0; std::getline(header, cell, ','); ++i) column[cell] = i;
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    while (std::getline(row, cell, ',')) cells.push_back(cell);
    const double error =
        std::stod(cells.at(column.at("target"))) - std::stod(cells.at(column.at("prediction")));
    auto& [sum, count] = squared[std::stoi(cells.at(column.at("steps")))];
    sum += error * error;
    ++count;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const ModelMetrics& model = evaluation.models[i];
    const auto& [sum, count] = squared.at(*model.steps);
    EXPECT_EQ(model.name, "model");
    EXPECT_EQ(model.rows, count);
    EXPECT_EQ(model.tasks, evaluation.summary[i].good);
    const double rmse = std::get<RegressionMetrics>(model.metrics).rmse;
    EXPECT_NEAR(rmse, std::sqrt(sum / count), 1e-4 * rmse);
    EXPECT_NEAR(model.loss.mean, evaluation.summary[i].mean, 1e-4 * model.loss.mean);
    EXPECT_NEAR(model.loss.half_width, evaluation.summary[i].half_width, 1e-3 * model.loss.half_width);
    EXPECT_EQ(model.selected, model.steps == 2);
    EXPECT_EQ(std::get<RegressionMetrics>(report.models[i].metrics).rmse, rmse);
    EXPECT_EQ(model.interval, "95 %, Student's t over " + std::to_string(model.tasks) + " tasks");
  }
  EXPECT_TRUE(evaluation.models[0].against.empty());
  ASSERT_EQ(evaluation.models[1].against.size(), 1u);
  const ModelComparison& gain = evaluation.models[1].against[0];
  EXPECT_EQ(gain.other, "model, 0 steps");
  EXPECT_NEAR(gain.difference.mean, evaluation.models[1].loss.mean - evaluation.models[0].loss.mean,
              1e-9 * evaluation.models[0].loss.mean);
}

TEST_F(ModelMetricsTest, TimesAreTheClustersOfASplitByTime) {
  const std::vector<ConfigOverride> by_time = {
      "tasks.windows={ support = 3, query = 1, stride = 1 }",
      "tasks.split={ by = \"time\", validation_from = \"5\", test_from = \"6\" }"};
  const TrainReport report = train(by_time);
  ASSERT_FALSE(report.models.empty());
  const ModelMetrics& model = report.models[0];
  EXPECT_EQ(model.interval, "95 %, Newey-West over 4 times, lag 1");  // months 6 to 9: at most a quarter
  EXPECT_EQ(model.keys, 39);                                          // the last client has too few rows
  EXPECT_EQ(model.tasks, 39 * 4);                                     // its windows share a key
  RunOptions options;
  options.overrides = {"evaluate.cluster=task"};
  const Evaluation by_task = Run::open(scratch_ / "run", options).evaluate();
  EXPECT_EQ(by_task.models[0].interval, "95 %, Student's t over 156 tasks");
  EXPECT_NE(by_task.models[0].loss.half_width, model.loss.half_width);
  options.overrides = {"evaluate.lag=0"};
  EXPECT_EQ(shoal::Run::open(scratch_ / "run", options).evaluate().models[0].interval,
            "95 %, Newey-West over 4 times, lag 0");
}

TEST(ModelMetrics, GeneratedTasksHaveNoTimes) {
  const Scratch scratch;
  const std::vector<ConfigOverride> overrides = {"backend=cpu", "threads=1", "model.hidden=[4]",
                                                 "train.iterations=3", "evaluate.tasks=20"};
  const TrainReport report = train_run(load_config("", overrides), scratch / "run");
  ASSERT_EQ(report.models.size(), 4u);
  EXPECT_EQ(report.models[3].against.size(), 1u);
  EXPECT_EQ(report.models[0].keys, 20);
  EXPECT_EQ(report.models[0].rows, 200);
  RunOptions options;
  options.overrides = {"evaluate.cluster=time"};
  try {
    Run::open(scratch / "run", options).evaluate();
    ADD_FAILURE() << "not refused";
  } catch (const InvalidArgument& error) {
    EXPECT_EQ(std::string(error.what()),
              "evaluate.cluster = \"time\" needs a table with a column of times (tasks.time)");
  }
}

TEST(ModelMetrics, TasksThatFailAfterAnyNumberOfStepsAreLeftOutEverywhere) {
  const Scratch scratch;
  const std::string table = clients_table(scratch, "clients.csv", 40);
  const TrainReport report =
      train_run(clients_config(table, {"algorithm.inner_lr=3", "evaluate.steps=[0, 40]", "train.iterations=2",
                                       "train.validate_every=0", "algorithm.max_move=50"}),
                scratch / "run");
  ASSERT_GT(report.evaluation[0].good, report.evaluation[1].good);
  if (report.evaluation[1].good == 0) {
    EXPECT_TRUE(report.models.empty());
  } else {
    EXPECT_EQ(report.models[0].tasks, report.models[1].tasks);
    EXPECT_EQ(report.models[0].tasks, report.evaluation[1].good);
  }
}

}  // namespace
}  // namespace shoal
