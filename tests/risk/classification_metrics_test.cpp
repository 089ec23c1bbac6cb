// SPDX-License-Identifier: Apache-2.0
// Metrics of probabilities against scikit-learn, SciPy and statsmodels. Covers calibration.
#include <shoal/classification_metrics.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

TEST(ClassificationMetrics, AgreeWithOtherPackages) {
  for (const Json& f : fixtures_of("classification")) {
    const std::string name = f["name"];
    const Json& e = f["expected"];
    const ClassificationMetrics m =
        classification_metrics(numbers(f["given"]["outcome"]), numbers(f["given"]["probability"]));
    EXPECT_EQ(m.rows, e["rows"]) << name;
    EXPECT_EQ(m.positives, e["positives"]) << name;
    expect_close(m.log_loss, e["log_loss"], 1e-9, name + ": log-loss");
    expect_close(m.brier, e["brier"], 1e-9, name + ": Brier");
    expect_close(m.auc, e["auc"], 1e-9, name + ": AUC");
    expect_close(m.gini, e["gini"], 1e-9, name + ": Gini");
    expect_close(m.ks, e["ks"], 1e-9, name + ": KS");
    expect_close(m.ece, e["ece"], 1e-9, name + ": ECE");
    expect_close(m.calibration_slope, e["calibration_slope"], 1e-6, name + ": slope");
    expect_close(m.calibration_intercept, e["calibration_intercept"], 1e-6, name + ": intercept");
  }
}

TEST(ClassificationMetrics, EqualProbabilitiesAreGroupedInOrderOfTheRows) {
  // Eleven rows: the first group holds two, which are the first two rows; by hand.
  const Numbers p(11, 0.5);
  Numbers y(11, 0.0);
  y[0] = 1.0;  // the group of rows 0 and 1 is calibrated, nine groups of one row are off by a half
  EXPECT_NEAR(classification_metrics(y, p).ece, 9 * 0.5 / 11, 1e-15);
}

TEST(ClassificationMetrics, MeansOverGroups) {
  const Numbers mixed_y = {0, 1, 0}, mixed_p = {0.2, 0.6, 0.4}, one_y = {0}, one_p = {0.5};
  const ClassificationMetrics groups[] = {classification_metrics(mixed_y, mixed_p),
                                          classification_metrics(one_y, one_p)};
  const MacroClassificationMetrics macro = macro_metrics(groups);
  EXPECT_EQ(macro.keys, 2);
  EXPECT_EQ(macro.keys_with_both_classes, 1);
  EXPECT_NEAR(macro.brier, (0.12 + 0.25) / 2, 1e-15);
  EXPECT_NEAR(macro.log_loss, (groups[0].log_loss + groups[1].log_loss) / 2, 1e-15);
  EXPECT_NEAR(macro.ece, (groups[0].ece + 0.5) / 2, 1e-15);
  EXPECT_EQ(macro.auc, 1.0);
  EXPECT_EQ(macro.gini, 1.0);
  EXPECT_EQ(macro.ks, 1.0);
  EXPECT_FALSE(macro_metrics(std::span(groups).last(1)).auc);
  expect_error<InvalidArgument>([] { macro_metrics({}); },
                                "macro_metrics: needs columns of one size, at least 1, not 0 and 0");
}

TEST(ClassificationMetrics, ObservedProbabilitiesHaveNoClasses) {
  const ClassificationMetrics metrics = classification_metrics(Numbers{0.25, 1.0}, Numbers{0.5, 0.75});
  EXPECT_NEAR(metrics.log_loss, (std::log(2.0) - std::log(0.75)) / 2.0, 1e-15);
  EXPECT_NEAR(metrics.brier, 0.0625, 1e-15);
  EXPECT_NEAR(metrics.ece, 0.25, 1e-15);
  EXPECT_EQ(metrics.positives, 1);
  EXPECT_FALSE(metrics.auc || metrics.ks || metrics.calibration_slope);
}

TEST(ClassificationMetrics, RefuseOtherValues) {
  const auto of = [](Numbers y, Numbers p) { return [y, p] { classification_metrics(y, p); }; };
  expect_error<InvalidArgument>(
      of({0, 2}, {0.1, 0.2}),
      "classification_metrics: the outcome of row 1 must lie in [0, 1], not 2.000000");
  expect_error<InvalidArgument>(
      of({0, 1}, {1.5, 0.2}),
      "classification_metrics: the probability of row 0 must lie in [0, 1], not 1.500000");
  expect_error<InvalidArgument>(of({0, 1}, {0.2}),
                                "classification_metrics: needs columns of one size, at least 1, not 2 and 1");
}

}  // namespace
}  // namespace shoal::testing
