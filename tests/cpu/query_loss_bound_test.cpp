// SPDX-License-Identifier: Apache-2.0
// Query losses at theta that the caller does not ask for are not computed if they are certainly small; no
// status, gradient or loss depends on whether they were.
#include "cpu/query_loss_bound.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/learner_state.hpp"
#include "core/lowered_problem.hpp"
#include "support/bits.hpp"
#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int cases = 40;
#else
constexpr int cases = 400;
#endif

/// All results except the losses at theta.
std::vector<std::uint32_t> bits_of(const MetaGradient<float>& g) {
  std::vector<std::uint32_t> all;
  for (const auto& part :
       {g.theta, g.rates, g.query_loss, g.fast_weights, std::vector<float>{g.mean_query_loss}}) {
    const auto images = bits(part);
    all.insert(all.end(), images.begin(), images.end());
  }
  for (const auto status : g.status) all.push_back(static_cast<std::uint32_t>(status));
  for (const auto step : g.failed_step) all.push_back(static_cast<std::uint32_t>(step));
  all.push_back(static_cast<std::uint32_t>(g.good));
  return all;
}

template <class Real>
void expect_skipped(const MetaGradient<Real>& g) {
  EXPECT_TRUE(g.query_loss_before.empty());
  EXPECT_TRUE(std::isnan(g.mean_query_loss_before));
}

/// A case with magnitudes anywhere between 0 and the largest float.
RandomCase scaled_case(std::mt19937_64& random) {
  RandomCase c = random_case(random, {.most_tasks = 20});
  const auto largest = static_cast<float>(std::exp2(uniform(random, -2.0, 30.0)));
  for (float& theta : c.parameters.theta)
    if (uniform_int(random, 0, 3) == 0) theta *= largest;
  return c;
}

TEST(QueryLossBefore, WhatIsSkippedShowsInNothingElse) {
  std::vector<LayoutContext> contexts;
  for (const char* plan : {"units", "tasks", "auto"}) contexts.push_back({plan, context_with_plan(plan, 2)});
  std::mt19937_64 random(31);
  for (int i = 0; i < cases; ++i) {
    const RandomCase c = scaled_case(random);
    for (const auto& [name, context] : contexts) {
      const MetaLearner learner = learner_for<float>(context, c);
      const auto measured = learner.meta_gradient(c.tasks, KeepFastWeights::yes);
      const auto skipped = learner.meta_gradient(c.tasks, KeepFastWeights::yes, QueryLossBefore::skip);
      ASSERT_EQ(bits_of(skipped), bits_of(measured)) << name << ", " << c.describe();
      expect_skipped(skipped);
    }
  }
}

/// One step moves b from 0 to the target y = 2^31, so that only the loss before it, 2^62, is large.
TEST(QueryLossBefore, ATaskFailsByALossThatNobodyAskedFor) {
  RandomCase c;
  c.model = {.inputs = 1, .hidden = {}, .outputs = 1};
  c.algorithm = Maml{{.steps = 1, .learning_rate = 0.5}};
  c.parameters.theta = {0.0f, 0.0f};
  const auto side = [](float y) { return TaskSetStorage<float>{{0.0f, 0.0f}, {y, 1.0f}, {}, {}, {0, 1, 2}}; };
  c.tasks = TaskBatch::own({1, 1, 0}, side(0x1p31f), side(0x1p31f), {5, 6});
  for (const char* plan : {"units", "tasks"}) {
    const Context cpu = context_with_plan(plan, 1);
    const auto got =
        learner_for<float>(cpu, c).meta_gradient(c.tasks, KeepFastWeights::no, QueryLossBefore::skip);
    EXPECT_EQ(got.status, (std::vector{TaskStatus::non_finite_outer, TaskStatus::good})) << plan;
    expect_skipped(got);
  }
  const Context reference({.backend = BackendKind::reference});
  const auto want = learner_for<double>(reference, c)
                        .meta_gradient(widen(c.tasks), KeepFastWeights::no, QueryLossBefore::skip);
  EXPECT_EQ(want.status, (std::vector{TaskStatus::non_finite_outer, TaskStatus::good}));
  expect_skipped(want);
}

/// The bound of a problem without adaptation, and the losses that it bounds.
TEST(QueryLossBound, HoldsForEveryLossAndActivationAndIsOfUse) {
  const Context reference({.backend = BackendKind::reference});
  std::mt19937_64 random(32);
  int small = 0;
  for (int i = 0; i < cases; ++i) {
    RandomCase c = scaled_case(random);
    c.algorithm = Maml{{.steps = 0}};
    c.parameters.rates.clear();
    const ParameterLayout layout(c.model);
    const RateLayout rates(layout, LearnedRate::none, 0);
    const LoweredAlgorithm lowered = lower(c.algorithm, layout);
    const LoweredProblem problem({c.model, layout, rates, c.loss, lowered.training}, c.tasks.columns());
    const cpu::QueryLossBound bound(problem.network(), problem.loss(), c.parameters.theta);
    const auto largest = [](std::span<const float> values) {
      float result = 0.0f;
      for (const float value : values) result = std::max(result, std::abs(value));
      return result;
    };
    const TaskSet<float>& rows = c.tasks.query();
    if (!bound.is_surely_small({largest(rows.x), largest(rows.y), largest(rows.output_offset)})) continue;
    ++small;
    const auto losses = learner_for<double>(reference, c).meta_gradient(widen(c.tasks));
    for (const double loss : losses.query_loss_before) EXPECT_LE(std::abs(loss), 0x1p40) << c.describe();
  }
  EXPECT_GT(small, cases / 5);
  EXPECT_LT(small, cases);
}

}  // namespace
}  // namespace shoal::testing
