// SPDX-License-Identifier: Apache-2.0
// Whether the advice is right on many draws of segments whose spread is known.
#include <gtest/gtest.h>

#include <shoal/heterogeneity.hpp>
#include <shoal/linear_model.hpp>

#include "baselines/credit_segments.hpp"

namespace shoal {
namespace {

constexpr int segments = 200, loans = 400;

Heterogeneity measured(std::uint64_t seed, double tau, double level) {
  const testing::CreditSegments made = testing::credit_segments(seed, segments, loans, tau, level);
  const TaskSet<double> rows = made.rows.view();
  const Loss loss{LossKind::bce};
  return heterogeneity_of(loss, made.columns, rows,
                          linear_outputs(fit_linear(loss, made.columns, rows), rows));
}

/// The advice for so many seeds of segments of this spread.
void expect_advice(double tau, double level, Advice advice, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Heterogeneity found = measured(seed, tau, level);
    EXPECT_EQ(found.advice, advice) << "seed " << seed << ": " << to_string(found.advice) << ", "
                                    << found.reason;
  }
}

TEST(HeterogeneityOfSegments, AdviceIsRightInTwentyOfTwenty) {
  expect_advice(0.0, 0.0, Advice::pooled, 20);
  expect_advice(0.0, 0.7, Advice::bias, 20);
  expect_advice(1.0, 0.7, Advice::all, 20);
}

TEST(HeterogeneityOfSegments, SlopesRankTheSpread) {
  int ranked = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    double before = -1e9;
    bool rises = true;
    for (const double tau : {0.0, 0.3, 0.6, 1.0}) {
      const double tau2 = measured(seed, tau, 0.7).slopes.tau2.value();
      rises = rises && tau2 > before;
      before = tau2;
    }
    ranked += rises ? 1 : 0;
  }
  EXPECT_GE(ranked, 19);
}

}  // namespace
}  // namespace shoal
