// SPDX-License-Identifier: Apache-2.0
// Baselines beside a run in the units of its targets, the rows that they learn from, forecasts of others, and
// how the gate decides. Covers baseline_outputs, baseline_run, forecast_file, garch_baseline, gated_learner,
// linear_baselines, meta_train_rows.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include <shoal/baselines.hpp>
#include <shoal/error.hpp>
#include <shoal/gate.hpp>
#include <shoal/run.hpp>

#include "run/baseline_outputs.hpp"
#include "run/clients.hpp"
#include "run/forecast_file.hpp"
#include "run/gate.hpp"
#include "run/meta_train_rows.hpp"
#include "run/opened_data.hpp"
#include "run/trained_model.hpp"

namespace shoal {
namespace {

using testing::clients_config;
using testing::clients_table;
using testing::Scratch;

/// The targets are in thousands, so the run scales them; losses and outputs are the user's.
TEST(BaselineLines, AreInTheUnitsOfTheTargets) {
  const Scratch scratch;
  const RunConfig config = clients_config(clients_table(scratch, "clients.csv", 30));
  train_run(config, scratch / "run");
  const shoal::Run run = shoal::Run::open(scratch / "run");
  const Evaluation evaluation = run.evaluate({.baselines = {"auto"}});
  const TrainedModel model = open_trained(scratch / "run", RunOptions{});
  const OpenedData data =
      open_data({}, model, TargetsNeeded::everywhere, Phases::split, Phase::test, Notify{});
  ASSERT_TRUE(data.source->target_units().scale());
  const TaskBatch64 test = data.source->evaluation64(Phase::test, 0);
  const Context context(context_options(config));
  const auto outputs = baseline_outputs({{"auto"}, {}}, model, data, data, test, context, {});
  std::vector<std::string> names;
  for (const BaselineOutputs& baseline : outputs) names.push_back(baseline.name);
  EXPECT_EQ(names, (std::vector<std::string>{"constant", "linear", "linear-bias", "empirical-bayes"}));
  const std::size_t steps = config.evaluate.steps.size();
  ASSERT_EQ(evaluation.models.size(), steps + outputs.size());
  const double mean = data.source->target_units().mean[0],
               deviation = data.source->target_units().deviation[0];
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    double sum = 0.0;
    for (std::int64_t t = 0; t < test.size(); ++t) {
      double squares = 0.0;
      for (auto i = test.query().row_starts[t]; i < test.query().row_starts[t + 1]; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double y = test.query().y[at] * deviation + mean;
        squares += (outputs[k].outputs[at] - y) * (outputs[k].outputs[at] - y);
      }
      sum += squares / static_cast<double>(test.query().rows(t) * test.size());
    }
    const ModelMetrics& line = evaluation.models[steps + k];
    EXPECT_EQ(line.name, outputs[k].name);
    EXPECT_FALSE(line.steps.has_value());
    EXPECT_NEAR(line.loss.mean / sum, 1.0, 1e-6) << line.name;  // the line has targets as floats
    EXPECT_EQ(line.tasks, test.size());
    ASSERT_EQ(line.against.size(), 1u);
    EXPECT_EQ(line.against[0].other, "model");
  }
  // Forecasts of others come in the user's units.
  std::string csv = "row,forecast\n";
  for (int row = 0; row < 300; ++row) csv += std::to_string(row) + ",1500\n";
  const ForecastFile flat = {"flat", scratch.file("flat.csv", csv), "forecast"};
  const auto forecasts = baseline_outputs({{}, {flat}}, model, data, data, test, context, {});
  for (const double output : forecasts[0].outputs) EXPECT_NEAR(output, 1500.0, 1e-9);
  EXPECT_EQ(run.evaluate({.compare = {flat}}).models.back().name, "flat");
}

/// The selected steps are compared with every baseline; all lines are measured on the tasks that each has.
TEST(BaselineLines, AreMeasuredOnTheTasksInCommon) {
  const Scratch scratch;
  const RunConfig config = clients_config(clients_table(scratch, "clients.csv", 30));
  train_run(config, scratch / "run");
  const shoal::Run run = shoal::Run::open(scratch / "run");
  const Evaluation plain = run.evaluate({});
  std::string csv = "row,forecast\n";  // one task's rows are missing
  const TrainedModel model = open_trained(scratch / "run", RunOptions{});
  const OpenedData data =
      open_data({}, model, TargetsNeeded::everywhere, Phases::split, Phase::test, Notify{});
  const auto missing = data.table->query_rows(data.source->ids(Phase::test)[1]);
  for (int row = 0; row < 300; ++row)
    if (row != missing[0]) csv += std::to_string(row) + ",1500\n";
  const Evaluation compared = run.evaluate(
      {.baselines = {"linear"}, .compare = {{"theirs", scratch.file("t.csv", csv), "forecast"}}});
  for (const ModelMetrics& line : compared.models) EXPECT_EQ(line.tasks, plain.models[0].tasks - 1);
  const ModelMetrics* chosen = nullptr;
  for (const ModelMetrics& line : compared.models)
    if (line.selected) chosen = &line;
  ASSERT_NE(chosen, nullptr);
  std::vector<std::string> others;
  for (const ModelComparison& comparison : chosen->against) others.push_back(comparison.other);
  EXPECT_EQ(others, (std::vector<std::string>{"model, 0 steps", "linear", "theirs"}));
  const ModelMetrics& theirs = compared.models.back();
  EXPECT_NEAR(chosen->against.back().difference.mean, chosen->loss.mean - theirs.loss.mean,
              1e-9 * theirs.loss.mean);
  EXPECT_EQ(theirs.against[0].difference.mean, -chosen->against.back().difference.mean);
}

TEST(MetaTrainRows, CountEveryRowOfWindowsOnce) {
  const Scratch scratch;
  std::string text = "asset,day,x,y\n";
  for (int day = 0; day < 40; ++day)
    for (const char* asset : {"a", "b"})
      text += std::string(asset) + "," + std::to_string(day) + "," + std::to_string(day % 7) + "," +
              std::to_string(100 * (asset[0] - 'a') + day) + "\n";
  const RunConfig config =
      clients_config(scratch.file("days.csv", text),
                     {"tasks.key=[\"asset\"]", "tasks.features=[\"x\"]", "tasks.targets=[\"y\"]",
                      "tasks.time=day", "tasks.windows.support=10", "tasks.windows.query=5",
                      "tasks.split.by=time", "tasks.split.test_from=30", "tasks.scale_targets=false"});
  const auto source = make_task_source(config);
  const MetaTrainRows rows = meta_train_rows(*source, 0);
  std::multiset<double> targets(rows.rows.y.begin(), rows.rows.y.end());
  std::multiset<double> expected;
  for (int day = 0; day < 30; ++day)
    for (const int asset : {0, 100}) expected.insert(asset + day);
  EXPECT_EQ(targets, expected);
  EXPECT_EQ(rows.rows.row_starts.size(), source->ids(Phase::train).size() + 1);
  for (std::size_t t = 0; t + 1 < rows.rows.row_starts.size(); ++t)  // its own query rows at least
    EXPECT_GE(rows.rows.row_starts[t + 1] - rows.rows.row_starts[t], 5);
  // Generated tasks have no rows in common.
  const auto sinusoid = make_sinusoid({.seed = 7, .support = 3, .query = 4});
  EXPECT_EQ(meta_train_rows(*sinusoid, 5).rows.y.size(), 35u);
}

TEST(ForecastFile, IsNamedAndReadAsResponses) {
  const ForecastFile file = forecast_file_of("theirs=C:/a=b.csv:p");
  EXPECT_EQ(file.name, "theirs");
  EXPECT_EQ(file.file, "C:/a=b.csv");
  EXPECT_EQ(file.column, "p");
  for (const char* bad : {"x", "=f:c", "n=:c", "n=f:", "n=f"})
    EXPECT_THROW(forecast_file_of(bad), InvalidArgument) << bad;
  EXPECT_NEAR(output_of_response({LossKind::bce}, 0.8), std::log(4.0), 1e-14);
  EXPECT_NEAR(output_of_response({LossKind::bce}, 0.0), std::log(0x1p-52), 1e-9);
  EXPECT_TRUE(std::isfinite(output_of_response({LossKind::bce}, 1.0)));
  EXPECT_NEAR(output_of_response({LossKind::qlike}, std::exp(2.0)), 2.0, 1e-14);
  EXPECT_EQ(output_of_response({LossKind::mse}, -3.0), -3.0);
  const Scratch scratch;
  const std::string path = scratch.file("p.csv", "row,p\n4,0.5\n2,\n7,0.25\n");
  const auto outputs = outputs_in({"x", path, "p"}, {LossKind::bce});
  ASSERT_EQ(outputs.size(), 2u);  // a missing forecast is none
  EXPECT_EQ(outputs.at(4), 0.0);
  EXPECT_THROW(outputs_in({"x", path, "p"}, {LossKind::softmax}), InvalidArgument);
  EXPECT_THROW(outputs_in({"x", path, "row"}, {LossKind::bce}), InvalidArgument);
  const std::string negative = scratch.file("v.csv", "row,v\n0,-1\n");
  EXPECT_THROW(outputs_in({"x", negative, "v"}, {LossKind::qlike}), DataError);
}

StepLosses<double> losses_of(std::vector<double> loss, std::vector<TaskStatus> status) {
  return {{1}, std::move(loss), std::move(status), {}};
}

TEST(Gate, TriesAdaptationOnTheTasksInCommon) {
  const TaskStatus good = TaskStatus::good, bad = TaskStatus::non_finite_inner;
  const GateTrial trial = trial_of(losses_of({1.0, 2.0, 3.0, 9.0, 4.0}, {good, good, good, bad, good}),
                                   losses_of({0.5, 1.8, 2.9, 1.0, NAN}, {good, good, good, good, bad}));
  EXPECT_EQ(trial.tasks, 3);
  EXPECT_EQ(trial.failed, 1);
  EXPECT_NEAR(trial.bias_loss, 2.0, 1e-15);
  // Gains .5, .2, .1: mean .8 / 3, deviation .2081666; scipy.stats.ttest_1samp, one-sided.
  EXPECT_NEAR(*trial.t, 2.2188007849009166, 1e-12);
  EXPECT_NEAR(*trial.p, 0.07836297864421608, 1e-9);
  EXPECT_FALSE(trial_of(losses_of({1.0}, {good}), losses_of({1.0}, {good})).p.has_value());
}

GateReport with_all(double p, std::int64_t failed) {
  GateReport gate;
  gate.heterogeneity.advice = Advice::all;
  gate.heterogeneity.reason = "coefficients differ";
  gate.heterogeneity.bias.p = 1e-6;
  gate.intercept_variance = 0.2;
  gate.trial = GateTrial{5, 100, failed, 1.0, 0.9, 2.0, p};
  return gate;
}

TEST(Gate, LetsAdaptationThroughOnlyWhenBothSaySo) {
  const auto decision = [](GateReport gate) {
    decide(gate, 0.01);
    EXPECT_FALSE(gate.reason.empty());
    return gate.decision;
  };
  EXPECT_EQ(decision(with_all(0.04, 0)), Advice::all);
  EXPECT_EQ(decision(with_all(0.06, 0)), Advice::bias);
  EXPECT_EQ(decision(with_all(0.04, 2)), Advice::bias);  // 2 of 102 fail, more than the share
  GateReport gate = with_all(0.04, 0);
  gate.trial.reset();
  EXPECT_EQ(decision(gate), Advice::bias);
  gate.heterogeneity.bias.p = 0.5;
  EXPECT_EQ(decision(gate), Advice::pooled);
  gate = with_all(0.04, 0);
  gate.heterogeneity.advice = Advice::bias;  // slopes do not say so, whatever the trial
  EXPECT_EQ(decision(gate), Advice::bias);
}

TEST(Gate, ReadsWhatItWrites) {
  GateReport gate = with_all(0.04, 3);
  gate.decision = Advice::all;
  gate.reason = "because \"of\" it";
  gate.heterogeneity.slopes = {12, 3.5, std::nullopt, -0.125};
  const GateReport back = gate_from_json(to_json(gate));
  EXPECT_EQ(to_json(back), to_json(gate));
  EXPECT_EQ(back.trial->failed, 3);
  EXPECT_EQ(back.heterogeneity.slopes.tau2, -0.125);
  EXPECT_FALSE(back.heterogeneity.slopes.p.has_value());
  for (const char* bad : {"", "{}", "[1]", "{\"decision\": \"none\"}"})
    EXPECT_THROW(gate_from_json(bad), ModelError) << bad;
}

}  // namespace
}  // namespace shoal
