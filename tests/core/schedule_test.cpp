// SPDX-License-Identifier: Apache-2.0
// Learning-rate schedules against the cosine of the standard library in long double.
#include <gtest/gtest.h>

#include <cmath>

#include "core/optimizer_step.hpp"

namespace shoal::testing {
namespace {

TEST(Schedule, ConstantIsConstant) {
  const Optimizer optimizer{.learning_rate = 0.3, .final_learning_rate = 0.1, .iterations = 10};
  for (const std::int64_t step : {0, 5, 9, 10, 1000}) EXPECT_EQ(scheduled_rate(optimizer, step), 0.3);
}

TEST(Schedule, CosineRunsFromTheFirstRateToTheFinalOne) {
  const long double pi = std::acos(-1.0L);
  for (const std::int64_t iterations : {1, 2, 3, 10, 1000, 70000}) {
    const Optimizer optimizer{.learning_rate = 0.3,
                              .schedule = Schedule::cosine,
                              .final_learning_rate = 0.01,
                              .iterations = iterations};
    double before = 1.0;
    for (std::int64_t step = 0; step < iterations; step += 1 + iterations / 300) {
      const long double progress = iterations == 1 ? 0.0L : static_cast<long double>(step) / (iterations - 1);
      const double wanted = static_cast<double>(0.01L + 0.5L * 0.29L * (1.0L + std::cos(pi * progress)));
      const double got = scheduled_rate(optimizer, step);
      EXPECT_NEAR(got, wanted, 2e-16) << step << " of " << iterations;
      EXPECT_LE(got, before);
      before = got;
    }
    EXPECT_NEAR(scheduled_rate(optimizer, 0), 0.3, 1e-16);
    if (iterations > 1) {
      EXPECT_NEAR(scheduled_rate(optimizer, iterations - 1), 0.01, 1e-16);
    }
    EXPECT_EQ(scheduled_rate(optimizer, iterations + 5), scheduled_rate(optimizer, iterations + 500));
  }
}

TEST(Schedule, UpdatesUseTheRateOfTheirStep) {
  const Optimizer optimizer{
      .kind = OptimizerKind::sgd, .learning_rate = 1.0, .schedule = Schedule::cosine, .iterations = 3};
  MetaParameters<double> parameters{{0.0}, {}};
  OptimizerState<double> state;
  std::vector<double> moves;
  for (int t = 0; t < 3; ++t) {
    MetaParameters<double> gradient{{1.0}, {}};
    const double before = parameters.theta[0];
    optimizer_step(optimizer, parameters, gradient, state);
    moves.push_back(before - parameters.theta[0]);
  }
  EXPECT_NEAR(moves[0], 1.0, 1e-15);
  EXPECT_NEAR(moves[1], 0.5, 1e-15);
  EXPECT_NEAR(moves[2], 0.0, 1e-15);
}

}  // namespace
}  // namespace shoal::testing
