// SPDX-License-Identifier: Apache-2.0
// What each algorithm asks of a backend, and what it refuses.
// Covers anil, boil, fomaml, maml, meta_sgd, pooled, reptile.
#include <gtest/gtest.h>

#include <limits>

#include "core/inner_plan.hpp"
#include "expect_error.hpp"

namespace shoal::testing {
namespace {

// Tensors: layers.0.weight, layers.0.bias, layers.1.weight, layers.1.bias, skip.weight; the last three are
// the head.
const ParameterLayout& layout() {
  static const ParameterLayout layout({.inputs = 2, .hidden = {3}, .outputs = 1, .skip = true});
  return layout;
}

InnerLoop inner_loop() {
  return {.steps = 2, .learning_rate = 0.25, .step_weights = {0.25, 0.75}, .max_move = 9.0};
}

InnerPlan expect_plan(const Algorithm& algorithm, OuterRule rule, LearnedRate rate,
                      const std::vector<std::uint8_t>& adapts) {
  const LoweredAlgorithm lowered = lower(algorithm, layout());
  const InnerPlan& plan = lowered.training;
  EXPECT_EQ(lowered.rows, TrainingRows::support_then_query) << name_of(algorithm);
  EXPECT_EQ(plan.steps, 2) << name_of(algorithm);
  EXPECT_EQ(plan.rule, rule) << name_of(algorithm);
  EXPECT_EQ(plan.learned_rate, rate) << name_of(algorithm);
  EXPECT_EQ(plan.learning_rate, 0.25) << name_of(algorithm);
  EXPECT_EQ(plan.adapts, adapts) << name_of(algorithm);
  EXPECT_EQ(plan.max_move, 9.0) << name_of(algorithm);
  return plan;
}

TEST(Lower, EveryAlgorithm) {
  const std::vector<std::uint8_t> all = {1, 1, 1, 1, 1}, head = {0, 0, 1, 1, 1}, body = {1, 1, 0, 0, 0};
  const InnerPlan maml = expect_plan(Maml{inner_loop()}, OuterRule::exact, LearnedRate::none, all);
  EXPECT_EQ(maml.step_weights, (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(maml.rate_steps, 1);
  expect_plan(Fomaml{inner_loop()}, OuterRule::first_order, LearnedRate::none, all);
  InnerLoop support_only = inner_loop();
  support_only.step_weights.clear();
  expect_plan(Reptile{support_only}, OuterRule::parameter_move, LearnedRate::none, all);
  expect_plan(Anil{inner_loop()}, OuterRule::exact, LearnedRate::none, head);
  expect_plan(Boil{inner_loop()}, OuterRule::exact, LearnedRate::none, body);
  expect_plan(MetaSgd{inner_loop()}, OuterRule::exact, LearnedRate::parameter, all);
}

TEST(Lower, LearnedRatesKeepTheirGrain) {
  InnerLoop inner = inner_loop();
  for (const LearnedRate rate : {LearnedRate::layer, LearnedRate::layer_step, LearnedRate::parameter}) {
    inner.learned_rate = rate;
    const InnerPlan plan = expect_plan(Maml{inner}, OuterRule::exact, rate, {1, 1, 1, 1, 1});
    EXPECT_EQ(plan.rate_steps, rate == LearnedRate::layer_step ? 2 : 1);
  }
  inner = {.steps = 0, .learned_rate = LearnedRate::layer_step};
  EXPECT_EQ(lower(Maml{inner}, layout()).training.rate_steps, 1);
}

TEST(Lower, PooledTrainsOnAllRowsWithoutSteps) {
  InnerLoop inner = inner_loop();
  inner.step_weights.clear();
  const LoweredAlgorithm lowered = lower(Pooled{inner}, layout());
  EXPECT_EQ(lowered.rows, TrainingRows::joined);
  EXPECT_EQ(lowered.training.steps, 0);
  EXPECT_EQ(lowered.training.rule, OuterRule::exact);
  const InnerPlan fine_tuning = with_steps(lowered.training, 5);
  EXPECT_EQ(fine_tuning.steps, 5);
  EXPECT_EQ(fine_tuning.learning_rate, 0.25);
}

TEST(Lower, AnotherNumberOfStepsKeepsTheTrainedRates) {
  InnerLoop inner = inner_loop();
  inner.learned_rate = LearnedRate::layer_step;
  const InnerPlan plan = with_steps(lower(Anil{inner}, layout()).training, 7);
  EXPECT_EQ(plan.steps, 7);
  EXPECT_EQ(plan.rate_steps, 2);
  EXPECT_TRUE(plan.step_weights.empty());
  EXPECT_EQ(plan.adapts, (std::vector<std::uint8_t>{0, 0, 1, 1, 1}));
}

TEST(Algorithm, RefusesInnerLoopsThatDoNotFit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_error<InvalidArgument>([] { validate(Maml{{.steps = -1}}); },
                                "maml: inner_steps must be at least 0, is -1");
  expect_error<InvalidArgument>([&] { validate(Anil{{.learning_rate = nan}}); },
                                "anil: inner_lr must be finite");
  expect_error<InvalidArgument>([] { validate(Boil{{.max_move = -1.0}}); },
                                "boil: max_move must be at least 0 (0 = off) and finite");
  EXPECT_THROW(validate(Boil{{.max_move = nan}}), InvalidArgument);
  expect_error<InvalidArgument>(
      [] {
        validate(Maml{{.steps = 3, .step_weights = {0.5, 0.5}}});
      },
      "maml: 2 step_weights for 3 inner steps");
  expect_error<InvalidArgument>(
      [] {
        validate(Maml{{.steps = 2, .step_weights = {0.5, 0.25}}});
      },
      "maml: step_weights must sum to 1, they sum to 0.750000");
  EXPECT_THROW(validate(Maml{{.steps = 1, .step_weights = {nan}}}), InvalidArgument);
  expect_error<InvalidArgument>([] { validate(Reptile{{.steps = 1, .step_weights = {1.0}}}); },
                                "reptile: has no query loss along the inner loop, so no step_weights");
  EXPECT_THROW(validate(Pooled{{.steps = 1, .step_weights = {1.0}}}), InvalidArgument);
}

TEST(Algorithm, RefusesLearnedRatesWhereTheyHaveNoExactGradient) {
  for (const LearnedRate rate : {LearnedRate::layer, LearnedRate::layer_step, LearnedRate::parameter}) {
    for (const char* name : {"fomaml", "reptile", "pooled"})
      EXPECT_THROW(validate(make_algorithm(name, {.learned_rate = rate})), InvalidArgument) << name;
    for (const char* name : {"maml", "anil", "boil"})
      EXPECT_NO_THROW(validate(make_algorithm(name, {.learned_rate = rate}))) << name;
  }
  expect_error<InvalidArgument>(
      [] { validate(Fomaml{{.learned_rate = LearnedRate::layer}}); },
      "fomaml: has no exact gradient for learned rates; learned_lr must be \"none\"");
  expect_error<InvalidArgument>(
      [] { validate(MetaSgd{{.learned_rate = LearnedRate::layer}}); },
      "meta-sgd: learns a rate for every parameter; learned_lr cannot be \"layer\"");
  EXPECT_NO_THROW(validate(MetaSgd{{.learned_rate = LearnedRate::parameter}}));
  EXPECT_NO_THROW(validate(MetaSgd{{.learning_rate = -0.5}})) << "rates are unconstrained in sign";
}

}  // namespace
}  // namespace shoal::testing
