// SPDX-License-Identifier: Apache-2.0
// Curves, by hand and against the metrics of src/risk, which scikit-learn checks.
#include "report/calibration_curves.hpp"

#include <cmath>

#include <gmock/gmock.h>

#include <shoal/classification_metrics.hpp>

namespace shoal::report {
namespace {

using testing::ElementsAre;

/// Rows of a generator that any language has: a linear congruence.
struct Rows {
  std::vector<double> outcome, forecast;
};
Rows some_rows(std::size_t count) {
  Rows rows;
  std::uint64_t state = 12345;
  const auto next = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 11) / 9007199254740992.0;
  };
  for (std::size_t i = 0; i < count; ++i) {
    rows.forecast.push_back(std::floor(next() * 200.0) / 200.0);  // with ties
    rows.outcome.push_back(next() < rows.forecast.back() ? 1.0 : 0.0);
  }
  return rows;
}

TEST(calibration_curves, roc_by_hand) {
  const std::vector<double> outcome = {1, 0, 1, 0, 0}, forecast = {0.9, 0.8, 0.8, 0.3, 0.1};
  const RocCurve curve = roc_curve(outcome, forecast);
  EXPECT_THAT(curve.true_positive, ElementsAre(0.0, 0.5, 1.0, 1.0, 1.0));
  EXPECT_THAT(curve.false_positive, ElementsAre(0.0, 0.0, 1.0 / 3, 2.0 / 3, 1.0));
}

TEST(calibration_curves, the_area_below_the_roc_curve_is_the_auc) {
  const Rows rows = some_rows(777);
  const RocCurve curve = roc_curve(rows.outcome, rows.forecast, 1000);
  double area = 0.0;
  for (std::size_t i = 1; i < curve.false_positive.size(); ++i)
    area += (curve.false_positive[i] - curve.false_positive[i - 1]) *
            (curve.true_positive[i] + curve.true_positive[i - 1]) / 2.0;
  EXPECT_NEAR(area, *classification_metrics(rows.outcome, rows.forecast).auc, 1e-12);
}

TEST(calibration_curves, the_largest_gap_is_ks) {
  const Rows rows = some_rows(777);
  const KsCurves curves = ks_curves(rows.outcome, rows.forecast, 1000);
  double gap = 0.0;
  for (std::size_t i = 0; i < curves.bad.size(); ++i)
    gap = std::max(gap, std::fabs(curves.bad[i] - curves.good[i]));
  EXPECT_NEAR(gap, *classification_metrics(rows.outcome, rows.forecast).ks, 1e-12);
  EXPECT_EQ(curves.bad.back(), 1.0);
  EXPECT_EQ(curves.good.back(), 1.0);
}

TEST(calibration_curves, the_groups_are_those_of_the_calibration_error) {
  const Rows rows = some_rows(777);
  double error = 0.0;
  std::int64_t count = 0;
  const auto groups = reliability(rows.outcome, rows.forecast);
  ASSERT_EQ(groups.size(), 10U);
  EXPECT_EQ(groups[6].rows, 78);  // 777 mod 10 groups hold one row more
  EXPECT_EQ(groups[7].rows, 77);
  for (const ReliabilityGroup& group : groups) {
    error += std::fabs(group.forecast - group.outcome) * static_cast<double>(group.rows) / 777.0;
    count += group.rows;
  }
  EXPECT_EQ(count, 777);
  EXPECT_NEAR(error, classification_metrics(rows.outcome, rows.forecast).ece, 1e-12);
}

TEST(calibration_curves, points_are_few_whatever_the_number_of_rows) {
  Rows rows = some_rows(5000);
  for (std::size_t i = 0; i < rows.forecast.size(); ++i) rows.forecast[i] += 1e-9 * static_cast<double>(i);
  const RocCurve roc = roc_curve(rows.outcome, rows.forecast, 50);
  EXPECT_EQ(roc.true_positive.size(), 50U);
  EXPECT_EQ(roc.true_positive.front(), 0.0);
  EXPECT_EQ(roc.true_positive.back(), 1.0);
  EXPECT_EQ(ks_curves(rows.outcome, rows.forecast, 50).forecast.size(), 50U);
}

TEST(calibration_curves, few_rows_and_one_class) {
  const std::vector<double> outcome = {1, 1, 1}, forecast = {0.2, 0.4, 0.3};
  EXPECT_EQ(reliability(outcome, forecast).size(), 3U);
  EXPECT_TRUE(roc_curve(outcome, forecast).true_positive.empty());
  EXPECT_TRUE(ks_curves(outcome, forecast).forecast.empty());
  EXPECT_TRUE(reliability({}, {}).empty());
}

}  // namespace
}  // namespace shoal::report
