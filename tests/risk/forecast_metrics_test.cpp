// SPDX-License-Identifier: Apache-2.0
// Metrics of numbers, variances, distributions, quantiles and classes against scikit-learn, SciPy and mpmath.
// Covers require_rows.
#include <shoal/forecast_metrics.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

TEST(ForecastMetrics, Regression) {
  for (const Json& f : fixtures_of("regression")) {
    const std::string name = f["name"];
    const RegressionMetrics m =
        regression_metrics(numbers(f["given"]["target"]), numbers(f["given"]["forecast"]));
    expect_close(m.rmse, f["expected"]["rmse"], 1e-9, name + ": RMSE");
    expect_close(m.mae, f["expected"]["mae"], 1e-9, name + ": MAE");
    expect_close(m.r2, f["expected"]["r2"], 1e-9, name + ": R2");
  }
}

TEST(ForecastMetrics, Qlike) {
  for (const Json& f : fixtures_of("qlike")) {
    std::optional<double> floor;
    if (!f["given"]["floor"].is_null()) floor = f["given"]["floor"].get<double>();
    expect_close(qlike(numbers(f["given"]["target"]), numbers(f["given"]["variance"]), floor), f["expected"],
                 1e-9, f["name"]);
  }
  const Numbers zero = {0.0}, one = {1.0};
  expect_error<InvalidArgument>(
      [&] { qlike(zero, one); },
      "qlike: the target (there is no floor) of row 0 must be above 0, not 0.000000");
  expect_error<InvalidArgument>([&] { qlike(one, zero); },
                                "qlike: the variance of row 0 must be above 0, not 0.000000");
  expect_error<InvalidArgument>([&] { qlike(one, one, 0.0); }, "qlike: the floor must be above 0");
}

TEST(ForecastMetrics, NormalCoverage) {
  for (const Json& f : fixtures_of("normal_coverage")) {
    const NormalCoverage m = normal_coverage(numbers(f["given"]["target"]), numbers(f["given"]["mean"]),
                                             numbers(f["given"]["variance"]));
    EXPECT_NEAR(m.central_50, f["expected"][0].get<double>(), 1e-12) << f["name"];
    EXPECT_NEAR(m.central_80, f["expected"][1].get<double>(), 1e-12) << f["name"];
    EXPECT_NEAR(m.central_95, f["expected"][2].get<double>(), 1e-12) << f["name"];
  }
}

TEST(ForecastMetrics, Quantiles) {
  for (const Json& f : fixtures_of("quantiles")) {
    const QuantileMetrics m = quantile_metrics(
        numbers(f["given"]["target"]), numbers(f["given"]["quantiles"]), numbers(f["given"]["levels"]));
    ASSERT_EQ(m.levels.size(), f["given"]["levels"].size());
    for (std::size_t level = 0; level < m.levels.size(); ++level) {
      const Json& e = f["expected"]["levels"][level];
      EXPECT_EQ(m.levels[level].level, f["given"]["levels"][level]);
      expect_close(m.levels[level].coverage, e["coverage"], 1e-9, "coverage");
      expect_close(m.levels[level].tick, e["tick"], 1e-9, "tick");
      expect_close(m.levels[level].kupiec_p, e["kupiec_p"], 1e-9, "Kupiec");
    }
    EXPECT_GT(m.crossing, 0.0);
    expect_close(m.crossing, f["expected"]["crossing"], 1e-9, "crossing");
  }
  expect_error<InvalidArgument>([] { quantile_metrics(Numbers{1.0}, Numbers{1.0}, Numbers{1.0}); },
                                "quantile_metrics: the level must lie between 0 and 1, not 1.000000");
  expect_error<InvalidArgument>([] { quantile_metrics(Numbers{1.0}, Numbers{}, Numbers{}); },
                                "quantile_metrics: needs a level");
}

TEST(ForecastMetrics, Classes) {
  for (const Json& f : fixtures_of("classes")) {
    const ClassMetrics m = class_metrics(f["given"]["label"].get<std::vector<std::int64_t>>(),
                                         numbers(f["given"]["probability"]), f["given"]["classes"]);
    expect_close(m.log_loss, f["expected"]["log_loss"], 1e-9, f["name"]);
    expect_close(m.accuracy, f["expected"]["accuracy"], 1e-9, f["name"]);
  }
  const std::vector<std::int64_t> label = {2};
  expect_error<InvalidArgument>(
      [&] {
        class_metrics(label, Numbers{0.5, 0.5}, 2);
      },
      "class_metrics: the label of row 0 is no class: 2");
  expect_error<InvalidArgument>([&] { class_metrics(label, {}, 0); }, "class_metrics: needs a class");
}

}  // namespace
}  // namespace shoal::testing
