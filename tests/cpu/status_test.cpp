// SPDX-License-Identifier: Apache-2.0
// The status of tasks that fail (docs/definitions.md): the first event in time counts, on both backends.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

/// A linear model y = w x + b with one support row and one query row: the inner loop is a recursion that is
/// known by hand.
RandomCase scalar_case(float support_x, float support_y, float query_x, float query_y, InnerLoop inner) {
  RandomCase c;
  c.model = {.inputs = 1, .hidden = {}, .outputs = 1};
  c.algorithm = Maml{inner};
  c.parameters.theta = {1.0f, 0.0f};
  TaskSetStorage<float> support{{support_x}, {support_y}, {}, {}, {0, 1}},
      query{{query_x}, {query_y}, {}, {}, {0, 1}};
  c.tasks = TaskBatch::own({1, 1, 0}, support, query, {5});
  return c;
}

struct Expected {
  TaskStatus status;
  std::int32_t step;
};

/// For both layouts of lanes.
class CpuStatus : public ::testing::TestWithParam<const char*> {
 protected:
  const Context cpu = context_with_plan(GetParam(), 1);
  void expect_status(const RandomCase& c, Expected expected) const;
};
INSTANTIATE_TEST_SUITE_P(Lanes, CpuStatus, ::testing::Values("tasks", "units"),
                         [](const auto& layout) { return std::string(layout.param); });

void CpuStatus::expect_status(const RandomCase& c, Expected expected) const {
  const Context reference({.backend = BackendKind::reference});
  const auto got = learner_for<float>(cpu, c).meta_gradient(c.tasks, KeepFastWeights::yes);
  const auto want = learner_for<double>(reference, c).meta_gradient(widen(c.tasks), KeepFastWeights::yes);
  EXPECT_EQ(got.status[0], expected.status) << "cpu";
  EXPECT_EQ(got.failed_step[0], expected.step) << "cpu";
  EXPECT_EQ(want.status[0], expected.status) << "reference";
  EXPECT_EQ(want.failed_step[0], expected.step) << "reference";
  if (expected.status == TaskStatus::good) return;
  EXPECT_EQ(got.good, 0);
  for (const float g : got.theta) EXPECT_EQ(std::bit_cast<std::uint32_t>(g), 0u);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.query_loss[0]), 0x7fc00000u);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(want.query_loss[0]), 0x7ff8000000000000u);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.fast_weights[0]), 0x7fc00000u);
  EXPECT_TRUE(std::isnan(got.mean_query_loss));
}

constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();

TEST_P(CpuStatus, GoodTask) {
  expect_status(scalar_case(1, 2, 1, 2, {.steps = 3}), {TaskStatus::good, -1});
}

TEST_P(CpuStatus, NonFiniteInputComesFirstWhateverK) {
  for (const int steps : {0, 2}) {
    expect_status(scalar_case(nan, 2, 1, 2, {.steps = steps}), {TaskStatus::non_finite_input, -1});
    expect_status(scalar_case(1, inf, 1, 2, {.steps = steps}), {TaskStatus::non_finite_input, -1});
    expect_status(scalar_case(1, 2, -inf, 2, {.steps = steps}), {TaskStatus::non_finite_input, -1});
    expect_status(scalar_case(1, 2, 1, nan, {.steps = steps}), {TaskStatus::non_finite_input, -1});
  }
}

TEST_P(CpuStatus, MovedTooFarNamesTheStep) {
  // The residual of w x + b = 10 at x = 1 shrinks by 0.6 a step; both parameters move by 0.2 times it.
  const InnerLoop inner{.steps = 4, .learning_rate = 0.1, .max_move = 3.0};
  expect_status(scalar_case(1, 11, 1, 2, inner), {TaskStatus::moved_too_far, 1});
}

TEST_P(CpuStatus, OneParameterThatMovesTooFarIsEnough) {
  // At x = 10 the weight moves by 2, and the bias, the last parameter, by 0.2.
  const InnerLoop inner{.steps = 1, .learning_rate = 0.01, .max_move = 1.0};
  expect_status(scalar_case(10, 0, 1, 2, inner), {TaskStatus::moved_too_far, 0});
}

TEST_P(CpuStatus, AGradientAbove2To60LeavesTheSum) {
  RandomCase c = scalar_case(1, 1, 0x1p35f, 0x1p29f, {.steps = 0});  // loss 2^58, gradient -2^65
  c.parameters.theta = {0.0f, 0.0f};
  expect_status(c, {TaskStatus::non_finite_outer, 0});
}

TEST_P(CpuStatus, AStepToInfinityIsTheInnerLoopsFault) {
  const RandomCase c = scalar_case(1, 3, 1, 2, {.steps = 1, .learning_rate = 2e38});  // phi = 1 + 4 alpha
  const auto got = learner_for<float>(cpu, c).meta_gradient(c.tasks);
  EXPECT_EQ(got.status[0], TaskStatus::non_finite_inner);
  EXPECT_EQ(got.failed_step[0], 0);
}

TEST_P(CpuStatus, WithoutSupportTheFastWeightsAreTheta) {
  RandomCase c = scalar_case(1, 3, 1, 2, {.steps = 2});
  c.algorithm = MetaSgd{InnerLoop{.steps = 2}};
  c.parameters = {{-0.0f, 0.5f}, {-0.1f, 0.1f}};  // -0 + 0.1 * 0 would be +0
  c.tasks =
      TaskBatch::own({1, 1, 0}, {{1}, {3}, {}, {}, {0, 0, 1}}, {{1, 1}, {2, 2}, {}, {}, {0, 1, 2}}, {5, 6});
  const auto got = learner_for<float>(cpu, c).meta_gradient(c.tasks, KeepFastWeights::yes);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.fast_weights[0]), 0x80000000u);
  EXPECT_EQ(got.fast_weights[1], 0.5f);
}

TEST_P(CpuStatus, AdaptingLooksAtSupportAlone) {
  const RandomCase c = scalar_case(1, 3, nan, nan, {.steps = 2});  // query rows to be predicted
  const Context reference({.backend = BackendKind::reference});
  const auto got = learner_for<float>(cpu, c).adapt(c.tasks, 2);
  const auto want = learner_for<double>(reference, c).adapt(widen(c.tasks), 2);
  EXPECT_EQ(got.status[0], TaskStatus::good);
  EXPECT_EQ(want.status[0], TaskStatus::good);
  EXPECT_NEAR(got.phi[0], want.phi[0], 1e-6);
}

TEST_P(CpuStatus, MagnitudesAbove2To60LeaveTheSum) {
  // Nothing overflows in double, but the rule is the same on every backend.
  expect_status(scalar_case(1, 1, 1.5e9f, 3e18f, {.steps = 0}), {TaskStatus::non_finite_outer, 0});
  expect_status(scalar_case(1, 1, 1.5e9f, 3e18f, {.steps = 2}), {TaskStatus::non_finite_outer, 2});
}

TEST_P(CpuStatus, OverflowInTheInnerLoopNamesTheStep) {
  // The residual 1e5 grows by 1 - 2 alpha (x^2 + 1) = -2e10 a step: its square overflows fp32 at step 2.
  const RandomCase c = scalar_case(1e5f, 0, 1, 2, {.steps = 6, .learning_rate = 1.0});
  const auto got = learner_for<float>(cpu, c).meta_gradient(c.tasks);
  EXPECT_EQ(got.status[0], TaskStatus::non_finite_inner);
  EXPECT_EQ(got.failed_step[0], 2);
  // After one step the query loss is above 2^60, after two it is infinite; the inner loop itself is still
  // finite.
  const int points[] = {0, 1, 2, 6};
  const auto losses = learner_for<float>(cpu, c).evaluate(c.tasks, points);
  const std::vector<TaskStatus> expected = {TaskStatus::good, TaskStatus::non_finite_outer,
                                            TaskStatus::non_finite_outer, TaskStatus::non_finite_inner};
  EXPECT_EQ(losses.status, expected);
  EXPECT_EQ(losses.failed_step, (std::vector<std::int32_t>{-1, 1, 2, 2}));
}

TEST_P(CpuStatus, EvaluationIsAsIfRunWithThatNumberOfSteps) {
  const Context reference({.backend = BackendKind::reference});
  const RandomCase c = scalar_case(1, 11, 1, 2, {.steps = 4, .learning_rate = 0.1, .max_move = 3.0});
  const int points[] = {0, 1, 2, 4};
  const auto got = learner_for<float>(cpu, c).evaluate(c.tasks, points);
  const auto want = learner_for<double>(reference, c).evaluate(widen(c.tasks), points);
  const std::vector<TaskStatus> expected = {TaskStatus::good, TaskStatus::good, TaskStatus::moved_too_far,
                                            TaskStatus::moved_too_far};
  EXPECT_EQ(got.status, expected);
  EXPECT_EQ(want.status, expected);
  EXPECT_EQ(got.failed_step, want.failed_step);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.loss[2]), 0x7fc00000u);
}

}  // namespace
}  // namespace shoal::testing
