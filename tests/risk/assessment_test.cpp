// SPDX-License-Identifier: Apache-2.0
// Whole assessments of tables in memory: which rows each statistic sees, in which order, and what is refused.
// Covers forecast_checks.
#include <shoal/assessment.hpp>

#include <shoal/forecast_metrics.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

constexpr AssessmentOptions var_options{.kind = ForecastKind::value_at_risk, .level = 0.05};

/// Two series of six days whose rows are mixed; B is exceeded on days 1 and 2, A on day 5.
ForecastTable two_series() {
  ForecastTable table;
  table.columns = {.target = "return", .forecast = "var", .key = "asset", .time = "day"};
  table.keys = {"A", "B"};
  table.time = {5, 0, 1, 2, 3, 4, 2, 1, 0, 3, 5, 4};
  table.key = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
  table.target = {-3, 0, 0, 0, 0, 0, -4, -5, 0, 0, 0, 0};
  table.forecast.assign(12, -2.0);
  return table;
}

TEST(Assessment, TakesASeriesInOrderOfTime) {
  const Assessment assessment = assess(two_series(), var_options);
  EXPECT_TRUE(assessment.keyed);
  const auto& var = std::get<VarAssessment>(assessment.metrics);
  EXPECT_EQ(var.rows, 12);
  EXPECT_EQ(var.exceedances, 3);
  EXPECT_DOUBLE_EQ(var.rate, 0.25);
  ASSERT_EQ(var.keys.size(), 2u);
  EXPECT_EQ(var.keys[0].first, "A");
  EXPECT_EQ(var.keys[0].second.transitions, (Transitions{4, 1, 0, 0}));  // the last day, not the first row
  EXPECT_EQ(var.keys[1].second.transitions, (Transitions{2, 1, 1, 1}));
  // Ticks by hand: 0.05 * 2 for a row that is not exceeded, 0.95 times what lies beyond for one that is.
  EXPECT_NEAR(var.tick, (9 * 0.1 + 0.95 * (1 + 2 + 3)) / 12, 1e-15);
  EXPECT_EQ(var.kupiec_passes, (var.keys[0].second.kupiec.p >= 0.05) + (var.keys[1].second.kupiec.p >= 0.05));
  EXPECT_EQ(var.kupiec_passes, 1);
}

TEST(Assessment, WithoutTimesASeriesIsInOrderOfTheTable) {
  ForecastTable table = two_series();
  table.time.clear();
  const auto var = std::get<VarAssessment>(assess(table, var_options).metrics);
  EXPECT_EQ(var.keys[0].second.transitions, (Transitions{4, 0, 1, 0}));
}

TEST(Assessment, ATableWithoutKeysIsOneSeries) {
  ForecastTable table = two_series();
  table.key.clear();
  table.time.clear();
  const Assessment assessment = assess(table, var_options);
  EXPECT_FALSE(assessment.keyed);
  const auto& var = std::get<VarAssessment>(assessment.metrics);
  ASSERT_EQ(var.keys.size(), 1u);
  EXPECT_EQ(var.keys[0].second.rows, 12);
}

TEST(Assessment, ComparesLossesByTime) {
  ForecastTable table = two_series();
  table.columns.against = "other";
  table.against.assign(12, -2.5);
  AssessmentOptions options = var_options;
  options.lag = 1;
  const auto dm = assess(table, options).dm;
  ASSERT_TRUE(dm);
  EXPECT_EQ(dm->periods, 6);
  EXPECT_EQ(dm->lag, 1);
  // Each day has two rows: 0.025 less when kept, 0.475 more when exceeded.
  EXPECT_NEAR(dm->mean, (9 * -0.025 + 3 * 0.475) / 12, 1e-15);
  Numbers loss, other;
  for (std::size_t row = 0; row < 12; ++row) {
    loss.push_back(tick_term(table.target[row], -2.0, 0.05));
    other.push_back(tick_term(table.target[row], -2.5, 0.05));
  }
  EXPECT_EQ(dm->t, diebold_mariano(loss, other, table.time, 1).t);
  table.time.clear();
  expect_error<InvalidArgument>([&] { assess(table, options); },
                                "assess: to compare with another forecast, losses are averaged by time: name "
                                "the column of the times");
}

TEST(Assessment, Probabilities) {
  ForecastTable table;
  table.columns = {.target = "bad", .forecast = "pd"};
  table.keys = {"north", "south"};
  table.key = {1, 0, 1, 0, 0};
  table.target = {0, 1, 1, 0, 0};
  table.forecast = {0.2, 0.7, 0.6, 0.1, 0.8};
  const auto result = std::get<ProbabilityAssessment>(assess(table, {}).metrics);
  EXPECT_EQ(result.all.rows, 5);
  EXPECT_EQ(result.all.positives, 2);
  EXPECT_DOUBLE_EQ(result.all.auc.value(), 4.0 / 6.0);
  ASSERT_EQ(result.keys.size(), 2u);
  EXPECT_DOUBLE_EQ(result.keys[0].second.auc.value(), 0.5);
  EXPECT_DOUBLE_EQ(result.keys[1].second.auc.value(), 1.0);
  EXPECT_DOUBLE_EQ(result.macro.value().auc.value(), 0.75);
  // Months of a portfolio: without keys a time may have many rows.
  table.key.clear();
  table.columns.against = "other";
  table.against = table.forecast;
  table.time = {0, 0, 1, 1, 1};
  const auto dm = assess(table, {}).dm;
  EXPECT_EQ(dm.value().periods, 2);
  EXPECT_FALSE(dm.value().t);
  EXPECT_FALSE(std::get<ProbabilityAssessment>(assess(table, {}).metrics).macro);
}

TEST(Assessment, Variances) {
  ForecastTable table;
  table.columns = {.target = "squared", .forecast = "variance"};
  table.keys = {"A", "B"};
  table.key = {0, 0, 1};
  table.target = {1.0, 0.0, 4.0};
  table.forecast = {2.0, 1.0, 4.0};
  const AssessmentOptions options{.kind = ForecastKind::variance, .floor = 0.5};
  const auto result = std::get<VarianceAssessment>(assess(table, options).metrics);
  const double first = 0.5 - std::log(0.5) - 1.0;  // rows 0 and 1 have the same ratio
  EXPECT_NEAR(result.all.qlike, 2.0 * first / 3.0, 1e-15);
  EXPECT_NEAR(result.keys[0].second.qlike, first, 1e-15);
  EXPECT_EQ(result.keys[1].second.qlike, 0.0);
  EXPECT_NEAR(result.macro_qlike.value(), first / 2.0, 1e-15);
  expect_error<DataError>(
      [&] { assess(table, {.kind = ForecastKind::variance}); },
      "row 1: column \"squared\": 0 has no QLIKE: the target must be above 0, or a floor be "
      "given");
}

TEST(Assessment, RefusesBadValuesByPlace) {
  ForecastTable pd;
  pd.columns = {.target = "bad", .forecast = "pd", .against = "other"};
  pd.target = {0, 1};
  pd.forecast = {0.5, 1.25};
  pd.location = [](std::size_t row) { return "scores.csv:" + std::to_string(row + 2); };
  expect_error<DataError>([&] { assess(pd, {}); },
                          "scores.csv:3: column \"pd\": 1.25 is no probability: it must lie in [0, 1]");
  pd.forecast = {0.5, 1.0};
  pd.against = {-0.5, 1.0};
  pd.time = {0, 0};
  expect_error<DataError>([&] { assess(pd, {}); },
                          "scores.csv:2: column \"other\": -0.5 is no probability: it must lie in [0, 1]");
  pd.against = {0.5, 1.0};
  pd.target = {0, 2};
  expect_error<DataError>([&] { assess(pd, {}); },
                          "scores.csv:3: column \"bad\": 2 is no outcome: it must be 0 or 1");
  pd.target = {0, 1};
  pd.forecast = {0.5, 0.0};
  expect_error<DataError>([&] { assess(pd, {.kind = ForecastKind::variance, .floor = 0.1}); },
                          "scores.csv:3: column \"pd\": 0 is no variance: it must be above 0");
}

TEST(Assessment, RefusesTimesTwice) {
  ForecastTable table = two_series();
  table.time[3] = 1;
  expect_error<DataError>([&] { assess(table, var_options); },
                          "row 3: column \"day\": key \"A\" has the time of row 2 once more");
  table.key.clear();
  expect_error<DataError>([&] { assess(table, var_options); },
                          "row 3: column \"day\": the time of row 2 once more");
}

TEST(Assessment, RefusesNegatedValuesAtRisk) {
  ForecastTable table = two_series();
  for (double& value : table.forecast) value = 2.0;
  expect_error<DataError>([&] { assess(table, var_options); },
                          "row 0: column \"var\": 2 is above 0, as most of the column is; a value at risk of "
                          "level 0.05 is a signed return, below 0 for a loss: negate the column");
  AssessmentOptions upper = var_options;
  upper.level = 0.95;
  EXPECT_EQ(std::get<VarAssessment>(assess(table, upper).metrics).rows, 12);
  for (std::size_t row = 0; row < 6; ++row) table.forecast[row] = -2.0;  // half of them: not most
  EXPECT_EQ(std::get<VarAssessment>(assess(table, var_options).metrics).exceedances, 7);
  table.columns.shortfall = "es";
  table.shortfall.assign(12, -3.0);
  table.shortfall[4] = 3.0;
  expect_error<DataError>(
      [&] { assess(table, var_options); },
      "row 4: column \"es\": 3 is no expected shortfall: it is a signed return and must be "
      "below 0");
}

TEST(Assessment, RefusesOptionsThatCannotBe) {
  const ForecastTable table = two_series();
  const auto refused = [&](AssessmentOptions options, const std::string& message) {
    expect_error<InvalidArgument>([&] { assess(table, options); }, message);
  };
  refused({.kind = ForecastKind::value_at_risk, .level = 1.0},
          "assess: the level must lie between 0 and 1, not 1.000000");
  refused({.kind = ForecastKind::value_at_risk, .floor = 0.1}, "assess: only variances have a floor");
  refused({.kind = ForecastKind::variance, .floor = 0.0}, "assess: the floor must be above 0");
  refused({.kind = ForecastKind::value_at_risk, .lag = -1}, "assess: lag must be at least 0");
  expect_error<InvalidArgument>([] { forecast_kind_from_string("es"); },
                                "unknown kind of forecast \"es\"; known: probability, variance, var");
  for (const ForecastKind kind :
       {ForecastKind::probability, ForecastKind::variance, ForecastKind::value_at_risk})
    EXPECT_EQ(forecast_kind_from_string(to_string(kind)), kind);
}

}  // namespace
}  // namespace shoal::testing
