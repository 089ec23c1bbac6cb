// SPDX-License-Identifier: Apache-2.0
// The folder of a backtest that is written by hand, and its report. Covers backtest_json, backtest_rows,
// model_lines, report.
#include "report/backtest_evidence.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/report.hpp>

#include "report/backtest_json.hpp"
#include "report/backtest_rows.hpp"

namespace shoal::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* json_text = R"({
"models": [
 {"name": "model", "steps": 0, "selected": false, "tasks": 2, "rows": 3, "metrics": {"rows": 3, "qlike": 1.5},
  "macro": {"keys": 2, "qlike": 1.5}, "loss": 1.5, "half_width": 0.2, "interval": "by time", "against": {}},
 {"name": "model", "steps": null, "selected": true, "tasks": 2, "rows": 3, "metrics": {"rows": 3, "qlike": 1.25},
  "macro": {"keys": 2, "qlike": 1.3}, "loss": 1.25, "half_width": null, "interval": "by time",
  "against": {"linear": {"mean": -0.25, "t": -2.5, "p": 0.0125}, "model, 0 steps": {"mean": -0.25, "t": null, "p": null}}},
 {"name": "linear", "steps": null, "selected": false, "tasks": 2, "rows": 3, "metrics": {"rows": 3, "qlike": 1.5},
  "macro": {"keys": 2, "qlike": 1.5}, "loss": 1.5, "half_width": 0.1, "interval": "by time", "against": {}},
 {"name": "model+linear", "steps": null, "selected": false, "tasks": 2, "rows": 3, "metrics": {"rows": 3, "qlike": 1.2},
  "macro": {"keys": 2, "qlike": 1.2}, "loss": 1.2, "half_width": 0.1, "interval": "by time", "against": {}}],
"groups": [],
"folds": [{"name": "2003-01-01", "from": "2003-01-01", "to": "2004-01-01", "train_from": null, "validation_from": "2001-01-01",
  "keys": null, "rows": 3, "tasks": {"train": 4}, "seeds": [
   {"seed": 7, "selected_iteration": 20, "validation_loss": 1.5, "selected_steps": 5, "gate": {"decision": "bias"}, "tasks_failed": 0},
   {"seed": 8, "selected_iteration": 40, "validation_loss": null, "selected_steps": 1, "gate": null, "tasks_failed": 3}]}],
"seeds": [{"seed": 7, "models": [{"name": "model", "steps": 0, "selected": false, "loss": 9, "half_width": 1},
                                 {"name": "model", "steps": null, "selected": true, "loss": 1.25, "half_width": 0.5}]}],
"risk": [{"model": "linear", "level": 0.05, "rows": 3, "exceedances": 2, "rate": 0.6, "tick": 0.3,
  "passes": {"keys": 2, "kupiec": 1, "conditional_coverage": 2}, "keys": [
   {"key": "A", "traffic_light": {"zone": "green"}}, {"key": "B", "traffic_light": {"zone": "red"}}]}],
"rows": 4, "measured": 3, "left_out": {"rows": 12, "rows_by_rule": {"too_few": 12}, "keys": 2, "example": "C"},
"inputs": {"/somewhere/prices.csv": "abc"},
"config": "[tasks]\nsource = \"table\"\npath = \"prices.csv\"\nkey = [\"asset\"]\ntime = \"date\"\nfeatures = [\"x\"]\ntargets = [\"y\"]\n[loss]\nname = \"qlike\"\nfloor = 0.01\n"
})";

/// The third row lacks a forecast of linear; the times are in the order of the keys, not of the days.
constexpr const char* csv_text =
    "asset,task,task_id,row,time,phase,fold,steps,target,output_0,variance,linear.variance,model+linear."
    "variance,"
    "var_0.05,es_0.05,linear.var_0.05,linear.es_0.05,hs.var_0.05\n"
    "A,A/1,1,10,2003-02-01,test,f,,1,0,1,2,1.5,-1.6,-2,-2.3,-3,-1\n"
    "A,A/1,1,11,2003-02-02,test,f,,4,0,2,2,2,-2.3,-3,,,-1\n"
    "A,A/1,1,12,2003-02-03,test,f,,1,0,1,,,,,,,-1\n"
    "B,B/1,2,30,2003-01-31,test,f,,0,0,1,1,1,-1.6,-2,-1.6,-2,-1\n";

class BacktestFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("backtest-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_ / "BT");
    write("BT/backtest.json", json_text);
    write("BT/predictions.csv", csv_text);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string error_of(const std::string& json) const {
    Evidence evidence;
    try {
      read_backtest_json(json, "backtest.json", evidence);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST_F(BacktestFolder, the_json_is_read) {
  const Evidence evidence = evidence_of_backtest(folder_ / "BT", {});
  EXPECT_EQ(evidence.name, "BT");
  ASSERT_EQ(evidence.models.size(), 4U);
  EXPECT_EQ(model_of(evidence), &evidence.models[1]);
  EXPECT_EQ(best_baseline_of(evidence), &evidence.models[2]);  // the combination is none
  EXPECT_THAT(evidence.combinations, ElementsAre("model+linear"));
  EXPECT_EQ(evidence.models[1].keys, 2);
  EXPECT_TRUE(std::isnan(evidence.models[1].half_width));
  EXPECT_EQ(evidence.models[1].metrics.size(), 1U);
  ASSERT_EQ(evidence.folds.size(), 2U);
  EXPECT_EQ(evidence.folds[0].gate, "bias");
  EXPECT_EQ(evidence.folds[1].gate, "");
  EXPECT_EQ(evidence.folds[1].seed, "8");
  EXPECT_EQ(evidence.folds[1].selected_steps, 1);
  EXPECT_FALSE(evidence.folds[1].validation_loss);
  ASSERT_EQ(evidence.seeds.size(), 1U);
  EXPECT_EQ(evidence.seeds[0].loss, 1.25);
  ASSERT_EQ(evidence.risk.size(), 1U);
  EXPECT_EQ(evidence.risk[0].kupiec, 1);
  EXPECT_EQ(evidence.risk[0].green, 1);
  EXPECT_EQ(evidence.risk[0].red, 1);
  EXPECT_EQ(evidence.hashes.at("prices.csv"), "abc");
  ASSERT_TRUE(evidence.left_out);
  EXPECT_EQ(evidence.left_out->rows(LeftOutRule::too_few), 12);
  EXPECT_EQ(evidence.left_out->keys, 2);
}

TEST_F(BacktestFolder, the_rows_are_those_that_every_line_forecasts) {
  const Evidence evidence = evidence_of_backtest(folder_ / "BT", {});
  const ForecastRows& rows = evidence.rows;
  EXPECT_THAT(rows.row, ElementsAre(10, 11, 30));
  EXPECT_THAT(rows.target, ElementsAre(1, 4, 0));
  EXPECT_THAT(rows.keys, ElementsAre("A", "B"));
  EXPECT_THAT(rows.key, ElementsAre(0, 0, 1));
  EXPECT_THAT(rows.times, ElementsAre("2003-01-31", "2003-02-01", "2003-02-02"));
  EXPECT_THAT(rows.time, ElementsAre(1, 2, 0));
  EXPECT_TRUE(rows.by_time);
  ASSERT_NE(model_in(rows), nullptr);
  // x / h - ln x + ln h - 1 with x = max(y, 0.01)
  const std::vector<double>& loss = model_in(rows)->loss;
  EXPECT_NEAR(loss[0], 0.0, 1e-12);
  EXPECT_NEAR(loss[1], 2.0 - std::log(4.0) + std::log(2.0) - 1.0, 1e-12);
  EXPECT_NEAR(loss[2], 0.01 - std::log(0.01) - 1.0, 1e-7);  // the floor is a float
  ASSERT_EQ(rows.vars.size(), 3U);
  EXPECT_EQ(rows.vars[0].model, "model");
  EXPECT_EQ(rows.vars[1].model, "linear");
  EXPECT_EQ(rows.vars[2].model, "hs");
  EXPECT_EQ(rows.vars[1].level, 0.05);
  EXPECT_EQ(rows.vars[1].value[0], -2.3);
  EXPECT_TRUE(std::isnan(rows.vars[1].value[1]));
}

TEST_F(BacktestFolder, a_report_needs_no_runs) {
  const Report report = write_report(folder_ / "BT", folder_ / "r.html");
  EXPECT_THAT(report.verdict, HasSubstr("significantly better than linear"));
  const auto json = nlohmann::json::parse(report.json);
  EXPECT_THAT(json.at("stability").at("text")[0], HasSubstr("not there any more"));
  EXPECT_EQ(json.at("baselines").at("groups")[0].at("group"), "2003");
  EXPECT_EQ(json.at("split").at("folds").size(), 2U);
  EXPECT_EQ(json.at("adaptation").at("steps")[0].at("tasks"), 2);
  EXPECT_EQ(json.at("adaptation").at("steps")[0].at("failed"), 3);
  EXPECT_EQ(report.html.find("No task failed"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "r.json"));
  EXPECT_EQ(report.html.find(folder_.string()), std::string::npos);
}

TEST_F(BacktestFolder, no_file_of_the_backtest_is_replaced) {
  for (const char* name : {"BT/backtest.html", "BT/predictions.csv"})
    EXPECT_THROW(write_report(folder_ / "BT", folder_ / name), InvalidArgument) << name;
  EXPECT_THROW(write_report(folder_ / "BT", folder_ / "r.json"), InvalidArgument);
  EXPECT_THROW(write_report(folder_ / "BT", folder_ / "none" / "r.html"), ResourceError);
  EXPECT_THROW(write_report(folder_ / "BT", folder_ / "BT"), ResourceError);
  EXPECT_THROW(write_report(folder_, folder_ / "r.html"), ModelError);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "r.json"));
}

TEST_F(BacktestFolder, damaged_files_are_named) {
  EXPECT_THAT(error_of("{"), HasSubstr("backtest.json: is no JSON object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("models"));
  EXPECT_THAT(error_of(R"({"models": [{"name": 3}]})"), HasSubstr("backtest.json"));
  std::string config = json_text;
  config.replace(config.find("qlike\\\"\\nfloor"), 5, "wrong");
  EXPECT_THAT(error_of(config), HasSubstr("wrong"));
  std::string text = csv_text;
  text.replace(text.find("linear.variance"), 6, "Linear");
  write("BT/predictions.csv", text);
  EXPECT_THROW(evidence_of_backtest(folder_ / "BT", {}), DataError);
  text = csv_text;
  text.replace(text.find(",2,1.5,"), 7, ",two,1.5,");
  write("BT/predictions.csv", text);
  EXPECT_THROW(evidence_of_backtest(folder_ / "BT", {}), DataError);
  std::filesystem::remove(folder_ / "BT/predictions.csv");
  EXPECT_THROW(evidence_of_backtest(folder_ / "BT", {}), DataError);
}

}  // namespace
}  // namespace shoal::report
