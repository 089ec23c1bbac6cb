// SPDX-License-Identifier: Apache-2.0
// Sums over the rows of a report, by hand.
#include "report/forecast_rows.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

namespace shoal::report {
namespace {

using testing::ElementsAre;

ForecastRows two_years() {
  ForecastRows rows;
  rows.loss.kind = LossKind::mse;
  rows.target = {0, 0, 0, 0, 0, 0};
  rows.task = {0, 0, 1, 1, 2, 2};
  rows.key = {0, 0, 1, 1, 0, 0};
  rows.keys = {"a", "b"};
  rows.times = {"2019-12-30", "2019-12-31", "2020-01-02"};
  rows.time = {0, 1, 0, 1, 2, 2};
  rows.lines = {{"model", true, 5, true, {1, 2, 3, 0, 1, 3}, {}},
                {"linear", false, std::nullopt, false, {1, 1, 2, 2, 2, 2}, {}}};
  add_losses(rows);
  return rows;
}

TEST(forecast_rows, losses_are_those_of_the_definition) {
  const ForecastRows rows = two_years();
  EXPECT_THAT(rows.lines[0].loss, ElementsAre(1, 4, 9, 0, 1, 9));
  EXPECT_EQ(model_in(rows), &rows.lines[0]);
  EXPECT_EQ(line_named(rows, "linear"), &rows.lines[1]);
  EXPECT_EQ(line_named(rows, "model"), nullptr);  // the model is no other's
}

TEST(forecast_rows, groups_by_year) {
  const Groups groups = periods_of(two_years());
  EXPECT_EQ(groups.kind, "year");
  EXPECT_THAT(groups.names, ElementsAre("2019", "2020"));
  EXPECT_THAT(groups.of_row, ElementsAre(0, 0, 0, 0, 1, 1));
}

TEST(forecast_rows, times_without_years_make_ten_periods) {
  ForecastRows rows;
  for (int i = 0; i < 25; ++i) {
    rows.times.push_back(std::to_string(i));
    rows.time.push_back(i);
    rows.task.push_back(0);
  }
  const Groups groups = periods_of(rows);
  EXPECT_EQ(groups.kind, "period");
  ASSERT_EQ(groups.names.size(), 10U);
  EXPECT_EQ(groups.names[0], "from 0");
  EXPECT_EQ(groups.names[1], "from 3");  // 25 times in ten parts: 0 1 2 | 3 4 | 5 6 7 | ...
  EXPECT_EQ(groups.of_row[2], 0);
  EXPECT_EQ(groups.of_row[3], 1);
  EXPECT_EQ(groups.of_row[24], 9);
  EXPECT_TRUE(periods_of(ForecastRows{}).names.empty());
}

TEST(forecast_rows, means_leave_out_what_is_missing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {1, 3, nan, nan};
  const std::vector<std::int32_t> group = {0, 0, 0, 1};
  const auto means = means_of(values, group, 2);
  EXPECT_EQ(means[0].rows, 2);
  EXPECT_DOUBLE_EQ(means[0].mean, 2.0);
  EXPECT_EQ(means[1].rows, 0);
  EXPECT_TRUE(std::isnan(means[1].mean));
}

TEST(forecast_rows, differences_within_a_group) {
  ForecastRows rows = two_years();
  const Groups groups = periods_of(rows);
  // by task: means of the model 2.5 and 4.5, of linear 1 and 4: differences 1.5 and 0.5
  const auto by_task = compare_in(rows, rows.lines[0], rows.lines[1], groups, 0);
  ASSERT_TRUE(by_task);
  EXPECT_DOUBLE_EQ(by_task->mean, 1.0);
  EXPECT_DOUBLE_EQ(by_task->t.value_or(0.0), 2.0);  // sd .7071, over sqrt 2: .5
  rows.by_time = true;  // by day: model 5 and 2, linear 2.5 and 2.5: differences 2.5 and -0.5
  const auto by_time = compare_in(rows, rows.lines[0], rows.lines[1], groups, 0);
  ASSERT_TRUE(by_time);
  EXPECT_DOUBLE_EQ(by_time->mean, 1.0);
  EXPECT_NEAR(by_time->t.value_or(0.0), 1.0 / std::sqrt(2.25 / 2.0), 1e-12);  // lag 0 of 2 periods
  EXPECT_FALSE(compare_in(rows, rows.lines[0], rows.lines[1], groups, 7));
}

}  // namespace
}  // namespace shoal::report
