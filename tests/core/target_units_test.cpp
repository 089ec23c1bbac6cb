// SPDX-License-Identifier: Apache-2.0
// The results of a run with scaled targets are those that the user's own loss and network would give.
#include <shoal/target_units.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include <shoal/error.hpp>
#include <shoal/meta_learner.hpp>

#include "expect_error.hpp"
#include "reference/losses.hpp"

namespace shoal::testing {
namespace {

const Loss losses[] = {{.kind = LossKind::mse},
                       {.kind = LossKind::huber, .delta = 40.0},
                       {.kind = LossKind::pinball, .quantiles = {0.05, 0.5, 0.9}},
                       {.kind = LossKind::gaussian_nll}};

TargetUnits units_of(const Loss& loss) {
  if (loss.kind == LossKind::gaussian_nll) return {{1500.0, -3.0}, {110.0, 0.02}};
  return {{1500.0, -3.0}, {70.0, 70.0}};
}

double mean_loss(const Loss& loss, const std::vector<double>& outputs, const std::vector<double>& y) {
  return reference::row_terms(loss, std::span<const double>(outputs), {y, 0}) /
         loss.terms(1.0, static_cast<int>(outputs.size()));
}

TEST(TargetUnits, LossesAndOutputsAreTheUsers) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (const Loss& loss : losses) {
    const TargetUnits units = units_of(loss);
    for (int round = 0; round < 50; ++round) {
      std::vector<double> u = {normal(random), normal(random)}, y;  // scaled targets, and the user's
      for (std::size_t t = 0; t < u.size(); ++t) y.push_back(u[t] * units.deviation[t] + units.mean[t]);
      std::vector<double> outputs(static_cast<std::size_t>(loss.outputs_for(2)));
      for (double& o : outputs) o = 2.0 * normal(random);
      const double scaled = mean_loss(scaled_loss(loss, units), outputs, u);
      outputs_to_user_units(loss, units, std::span(outputs));
      const double expected = mean_loss(loss, outputs, y);
      EXPECT_NEAR(loss_in_user_units(loss.kind, units, scaled), expected, 1e-9 * (1.0 + std::abs(expected)))
          << to_string(loss.kind);
    }
  }
}

TEST(TargetUnits, TasksGoInAsOutputsGoOut) {
  for (const Loss& loss : losses) {
    const TargetUnits units = units_of(loss);
    const int outputs = loss.outputs_for(2);
    TaskSetStorage<double> rows{{1.0}, {1570.0, 67.0}, {}, {}, {0, 1}};
    for (int j = 0; j < outputs; ++j) rows.output_offset.push_back(100.0 + j);
    TaskSetStorage<double> none{{}, {}, {}, {}, {0, 0}};
    const auto tasks = TaskBatch64::own({1, 2, outputs}, rows, none, {7});
    const auto scaled = scaled_tasks(loss, units, tasks);
    std::vector<double> back(scaled.support().output_offset.begin(), scaled.support().output_offset.end());
    outputs_to_user_units(loss, units, std::span(back));
    for (int j = 0; j < outputs; ++j) EXPECT_NEAR(back[static_cast<std::size_t>(j)], 100.0 + j, 1e-9);
    for (std::size_t t = 0; t < 2; ++t)
      EXPECT_NEAR(scaled.support().y[t], (rows.y[t] - units.mean[t]) / units.deviation[t], 1e-12);
    EXPECT_EQ(scaled.support().x[0], 1.0);
    EXPECT_EQ(scaled.ids()[0], 7);
  }
  const auto narrow =
      TaskBatch64::own({1, 1, 0}, {{1.0}, {2.0}, {}, {}, {0, 1}}, {{}, {}, {}, {}, {0, 0}}, {7});
  expect_error<DataError>([&] { scaled_tasks(losses[0], units_of(losses[0]), narrow); },
                          "tasks have 1 target columns, the model was trained on 2");
}

TEST(TargetUnits, WithoutScalingNoBitChanges) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Loss& loss : losses) {
    EXPECT_EQ(scaled_loss(loss, {}), loss);
    EXPECT_EQ(loss_in_user_units(loss.kind, {}, 0.1), 0.1);
    std::vector<float> outputs = {0.1f, -3.0f};
    outputs_to_user_units(loss, {}, std::span(outputs));
    EXPECT_EQ(outputs, (std::vector<float>{0.1f, -3.0f}));
    EXPECT_TRUE(std::isnan(loss_in_user_units(loss.kind, units_of(loss), nan)));
  }
  const StepLosses<float> given{{0, 2}, {0.1f, 3.0f}, {TaskStatus::good, TaskStatus::good}, {-1, -1}};
  const auto same = losses_in_user_units(LossKind::mse, {}, given);
  EXPECT_EQ(same.loss, (std::vector<double>{static_cast<double>(0.1f), 3.0}));
  EXPECT_EQ(same.steps, given.steps);
}

}  // namespace
}  // namespace shoal::testing
