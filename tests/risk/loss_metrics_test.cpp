// SPDX-License-Identifier: Apache-2.0
// From outputs of a network to metrics, by loss: small rows by hand.
#include <shoal/loss_metrics.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

Numbers values_only(const std::vector<NamedValue>& named) {
  Numbers values;
  for (const auto& [name, value] : named) values.push_back(value.value_or(NAN));
  return values;
}

void expect_numbers(const Numbers& values, const Numbers& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-14) << i;
}

TEST(LossMetrics, Numbers) {
  const OutputRows rows{.targets = 2, .outputs = 2, .target = {1, 2, 3, 4}, .output = {1, 3, 3, 2}};
  // Errors 0, 1, 0, -2; deviations of the targets -1.5, -0.5, 0.5, 1.5.
  expect_numbers(values_only(named_values(loss_metrics(rows))), {std::sqrt(1.25), 0.75, 0.0});
  expect_numbers(row_losses(rows), {0.5, 2.0});
  OutputRows huber = rows;
  huber.loss = {.kind = LossKind::huber, .delta = 1.0};
  expect_numbers(row_losses(huber), {0.25, 0.75});
}

TEST(LossMetrics, Probabilities) {
  OutputRows rows{
      .loss = {.kind = LossKind::bce}, .target = {0, 1, 1}, .output = {0.0, std::log(3.0), 800.0}};
  const auto m = std::get<ClassificationMetrics>(loss_metrics(rows));
  EXPECT_NEAR(m.brier, (0.25 + 0.0625) / 3.0, 1e-15);
  EXPECT_EQ(m.auc, 1.0);
  expect_numbers(row_losses(rows), {std::log(2.0), std::log(4.0 / 3.0), 0.0});
  rows.loss.pos_weight = 2.0;
  expect_numbers(row_losses(rows), {std::log(2.0), 2.0 * std::log(4.0 / 3.0), 0.0});
}

TEST(LossMetrics, Variances) {
  const OutputRows rows{
      .loss = {.kind = LossKind::qlike, .floor = 0.5}, .target = {0.0, 4.0}, .output = {0.0, std::log(4.0)}};
  const double first = 0.5 - std::log(0.5) - 1.0;
  expect_numbers(row_losses(rows), {first, 0.0});
  EXPECT_NEAR(std::get<VarianceMetrics>(loss_metrics(rows)).qlike, first / 2.0, 1e-15);
}

TEST(LossMetrics, Distributions) {
  // Means 0 and 1, log-variances 0 and ln 4.
  const OutputRows rows{.loss = {.kind = LossKind::gaussian_nll},
                        .targets = 2,
                        .outputs = 4,
                        .target = {0.7, 5.0},
                        .output = {0.0, 1.0, 0.0, std::log(4.0)}};
  expect_numbers(values_only(named_values(loss_metrics(rows))), {0.0, 0.5, 0.5});  // 0.7 and 2 deviations
  expect_numbers(row_losses(rows), {(0.49 / 2.0 + (std::log(4.0) + 4.0) / 2.0) / 2.0});
}

TEST(LossMetrics, Quantiles) {
  const OutputRows rows{.loss = {.kind = LossKind::pinball, .quantiles = {0.25, 0.75}},
                        .targets = 2,
                        .outputs = 4,
                        .target = {0, 10},
                        .output = {-1, 1, 11, 9}};
  const auto named = named_values(loss_metrics(rows));
  EXPECT_EQ(named[0].first, "coverage_0.25");
  EXPECT_EQ(named[3].first, "tick_0.75");
  // The second target's quantiles cross.
  expect_numbers(values_only(named), {0.5, (0.25 + 0.75) / 2, 0.5, (0.25 + 0.75) / 2, 0.5});
  expect_numbers(row_losses(rows), {(0.25 + 0.25 + 0.75 + 0.75) / 4});
}

TEST(LossMetrics, Classes) {
  OutputRows rows{.loss = {.kind = LossKind::softmax},
                  .outputs = 3,
                  .target = {2, 0},
                  .output = {0, 0, std::log(2.0), -1000, 1000, 0}};
  expect_numbers(row_losses(rows), {std::log(2.0), 2000.0});
  const auto m = std::get<ClassMetrics>(loss_metrics(rows));
  EXPECT_EQ(m.accuracy, 0.5);
  EXPECT_NEAR(m.log_loss, (std::log(2.0) + 52.0 * std::log(2.0)) / 2.0, 1e-12);
  rows.target = {3, 0};
  expect_error<InvalidArgument>([&] { row_losses(rows); }, "loss_metrics: 3 is none of 3 classes");
}

TEST(LossMetrics, MeansOverGroups) {
  const OutputRows rows{
      .loss = {.kind = LossKind::bce}, .target = {0, 1, 0, 1, 1}, .output = {0, 1, 0, -1, 0}};
  const std::vector<std::int32_t> group = {4, 4, 0, 0, 2};  // 1 and 3 have no rows
  const auto macro = macro_values(rows, group);
  EXPECT_EQ(macro[2].first, "auc");
  EXPECT_EQ(macro[2].second, 0.5);  // of 1 and 0; the group of one row has none
  const double wrong = std::log1p(std::exp(1.0)), right = std::log1p(std::exp(-1.0));
  EXPECT_NEAR(macro[0].second.value(),
              ((std::log(2.0) + right) / 2 + (std::log(2.0) + wrong) / 2 + std::log(2.0)) / 3, 1e-14);
  const std::vector<std::int32_t> one_class = {0, 1, 2, 3, 4};
  EXPECT_FALSE(macro_values(rows, one_class)[2].second);
}

TEST(LossMetrics, RefusesOtherSizes) {
  const OutputRows rows{.targets = 2, .outputs = 2, .target = {1, 2, 3}, .output = {1, 3}};
  expect_error<InvalidArgument>([&] { loss_metrics(rows); }, "loss_metrics: targets do not make whole rows");
  const OutputRows narrow{.targets = 1, .outputs = 2, .target = {1}, .output = {1, 3}};
  expect_error<InvalidArgument>([&] { loss_metrics(narrow); },
                                "loss_metrics: 2 outputs of loss mse go with 2 targets, not 1");
  expect_error<InvalidArgument>([] { row_losses({}); },
                                "loss_metrics: needs columns of one size, at least 1, not 0 and 0");
}

}  // namespace
}  // namespace shoal::testing
