// SPDX-License-Identifier: Apache-2.0
// Lines of the table of a backtest: means over seeds, combinations, and the rows that all lines have.
#include "backtest/lines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <shoal/error.hpp>

namespace shoal {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(MeanOf, IsTakenElementByElement) {
  const std::vector<std::vector<double>> outputs = {{1, 2, nan, 7}, {3, 5, 1, 7}, {8, 2, 1, nan}};
  const std::vector<double> mean = mean_of(outputs);
  EXPECT_EQ(mean[0], 4.0);
  EXPECT_EQ(mean[1], 3.0);
  EXPECT_TRUE(std::isnan(mean[2]));
  EXPECT_TRUE(std::isnan(mean[3]));
  const std::vector<std::vector<double>> one = {{0.1, nan}};
  EXPECT_EQ(mean_of(one)[0], 0.1);
}

TEST(Combinations, TakeTheSelectedStepsOfTheModel) {
  std::vector<LineOutputs> lines = {
      {"model", 0, false, {10, 10}}, {"model", 5, true, {1, 2}}, {"linear", {}, false, {3, nan}}};
  const std::vector<std::string> combine = {"model+linear", "model+linear+model+linear"};
  EXPECT_THROW(add_combinations(std::span(combine).subspan(1), lines), InvalidArgument);
  add_combinations(std::span(combine).first(1), lines);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[3].name, "model+linear");
  EXPECT_FALSE(lines[3].steps);
  EXPECT_EQ(lines[3].outputs[0], 2.0);
  EXPECT_TRUE(std::isnan(lines[3].outputs[1]));
}

TEST(Combinations, NeedLinesThatAreThere) {
  const std::vector<std::string> known = {"model", "linear"};
  const auto refused = [&](const std::vector<std::string>& combine, const std::string& part) {
    try {
      require_combinations(combine, known);
      ADD_FAILURE() << part;
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refused({"model+linera"}, "there is no line \"linera\"");
  refused({"model+linera"}, "\"linear\"");
  refused({"model+gjr"}, "there is no line \"gjr\"");
  refused({"model+linear", "model+linear"}, "is taken");
  EXPECT_NO_THROW(require_combinations(std::vector<std::string>{"model+linear", "linear+model"}, known));
}

/// Four rows of two keys; the first lies before the first fold.
BacktestRows four_rows() {
  BacktestRows rows;
  rows.rows.rows = {{10, 1, 0, 0, 0}, {11, 1, 1, 1, 0}, {12, 2, 0, 2, 0}, {13, 3, 0, 1, 1}};
  rows.rows.fold = {-1, 0, 0, 0};
  rows.loss.kind = LossKind::mse;
  rows.target = {1, 1, 2, 3};
  rows.task = {0, 0, 1, 2};
  return rows;
}

TEST(MeasuredPlaces, AreRowsThatEveryLineHas) {
  BacktestRows rows = four_rows();
  std::vector<LineOutputs> lines = {{"model", 1, true, {0, 0, 0, 0}}, {"other", {}, false, {0, 0, 0, 0}}};
  EXPECT_EQ(measured_places(rows, lines), (std::vector<std::size_t>{1, 2, 3}));
  lines[1].outputs[2] = nan;
  EXPECT_EQ(measured_places(rows, lines), (std::vector<std::size_t>{1, 3}));
  rows.target[3] = nan;
  EXPECT_EQ(measured_places(rows, lines), (std::vector<std::size_t>{1}));
}

TEST(LinesAt, HaveTheRowsAndNothingElse) {
  const BacktestRows rows = four_rows();
  const std::vector<LineOutputs> lines = {{"model", 1, true, {9, 1, 2, 5}}};
  const std::vector<std::size_t> places = {1, 2, 3};
  MeasuredLines at = lines_at(rows, lines, places);
  EXPECT_EQ(at.rows.tasks, 3);
  EXPECT_EQ(at.rows.keys, 2);
  EXPECT_EQ(at.rows.row, (std::vector<std::int32_t>{11, 12, 13}));
  const auto models = measure_lines(std::move(at.rows), std::move(at.lines));
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].rows, 3);
  EXPECT_DOUBLE_EQ(models[0].loss.mean, 4.0 / 3.0);
  EXPECT_TRUE(lines_at(rows, lines, {}).lines.empty());
}

}  // namespace
}  // namespace shoal
