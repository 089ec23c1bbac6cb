// SPDX-License-Identifier: Apache-2.0
// The inner plan that each algorithm asks a backend for, and the options that it refuses.
// Covers anil, boil, fomaml, maml, meta_sgd, pooled, reptile.
#include <gtest/gtest.h>

#include <limits>

#include "core/inner_plan.hpp"
#include "expect_error.hpp"

namespace shoal::testing {
namespace {

// An algorithm has its own options only; setting one of another algorithm must not compile.
template <class A>
concept TakesStepWeights = requires {
  A{.step_weights = {1.0}};
};
template <class A>
concept TakesLearnedRate = requires {
  A{.learned_rate = LearnedRate::layer};
};
static_assert(TakesStepWeights<Maml> && TakesStepWeights<Fomaml> && TakesStepWeights<Anil> &&
              TakesStepWeights<Boil> && TakesStepWeights<MetaSgd>);
static_assert(!TakesStepWeights<Reptile> && !TakesStepWeights<Pooled> && !TakesStepWeights<InnerLoop>);
static_assert(TakesLearnedRate<Maml> && TakesLearnedRate<Anil> && TakesLearnedRate<Boil>);
static_assert(!TakesLearnedRate<Fomaml> && !TakesLearnedRate<Reptile> && !TakesLearnedRate<MetaSgd> &&
              !TakesLearnedRate<Pooled> && !TakesLearnedRate<InnerLoop>);

// Tensors: layers.0.weight, layers.0.bias, layers.1.weight, layers.1.bias, skip.weight; the last three are
// the head.
const ParameterLayout& layout() {
  static const ParameterLayout layout({.inputs = 2, .hidden = {3}, .outputs = 1, .skip = true});
  return layout;
}

constexpr InnerLoop inner_loop{.steps = 2, .learning_rate = 0.25, .max_move = 9.0};
const std::vector<double> step_weights = {0.25, 0.75};

InnerPlan expect_plan(const Algorithm& algorithm, OuterRule rule, LearnedRate rate,
                      const std::vector<std::uint8_t>& adapts) {
  const LoweredAlgorithm lowered = lower(algorithm, layout());
  InnerPlan plan = lowered.training;
  EXPECT_EQ(lowered.rows, TrainingRows::support_then_query) << name_of(algorithm);
  EXPECT_EQ(plan.steps, 2) << name_of(algorithm);
  EXPECT_EQ(plan.rule, rule) << name_of(algorithm);
  EXPECT_EQ(plan.learned_rate, rate) << name_of(algorithm);
  EXPECT_EQ(plan.learning_rate, 0.25) << name_of(algorithm);
  EXPECT_EQ(plan.step_weights, options_of(algorithm).step_weights) << name_of(algorithm);
  EXPECT_EQ(plan.adapts, adapts) << name_of(algorithm);
  EXPECT_EQ(plan.max_move, 9.0) << name_of(algorithm);
  return plan;
}

TEST(Lower, EveryAlgorithm) {
  const std::vector<std::uint8_t> all = {1, 1, 1, 1, 1}, head = {0, 0, 1, 1, 1}, body = {1, 1, 0, 0, 0};
  const auto none = LearnedRate::none;
  const Maml maml{.inner = inner_loop, .step_weights = step_weights};
  EXPECT_EQ(expect_plan(maml, OuterRule::exact, none, all).step_weights, step_weights);
  EXPECT_EQ(expect_plan(maml, OuterRule::exact, none, all).rate_steps, 1);
  expect_plan(Fomaml{inner_loop, step_weights}, OuterRule::first_order, none, all);
  expect_plan(Reptile{inner_loop}, OuterRule::parameter_move, none, all);
  expect_plan(Anil{.inner = inner_loop, .step_weights = step_weights}, OuterRule::exact, none, head);
  expect_plan(Boil{.inner = inner_loop, .step_weights = step_weights}, OuterRule::exact, none, body);
  expect_plan(MetaSgd{inner_loop, step_weights}, OuterRule::exact, LearnedRate::parameter, all);
}

TEST(Lower, LearnedRatesKeepTheirGrain) {
  for (const LearnedRate rate : {LearnedRate::layer, LearnedRate::layer_step, LearnedRate::parameter}) {
    const Maml maml{.inner = inner_loop, .learned_rate = rate};
    const InnerPlan plan = expect_plan(maml, OuterRule::exact, rate, {1, 1, 1, 1, 1});
    EXPECT_EQ(plan.rate_steps, rate == LearnedRate::layer_step ? 2 : 1);
  }
  const Maml without_steps{.inner = {.steps = 0}, .learned_rate = LearnedRate::layer_step};
  EXPECT_EQ(lower(without_steps, layout()).training.rate_steps, 1);
}

TEST(Lower, PooledTrainsOnAllRowsWithoutSteps) {
  const LoweredAlgorithm lowered = lower(Pooled{inner_loop}, layout());
  EXPECT_EQ(lowered.rows, TrainingRows::joined);
  EXPECT_EQ(lowered.training.steps, 0);
  EXPECT_EQ(lowered.training.rule, OuterRule::exact);
  const InnerPlan fine_tuning = with_steps(lowered.training, 5);
  EXPECT_EQ(fine_tuning.steps, 5);
  EXPECT_EQ(fine_tuning.learning_rate, 0.25);
}

TEST(Lower, AnotherNumberOfStepsKeepsTheTrainedRates) {
  const Anil anil{inner_loop, LearnedRate::layer_step, step_weights};
  const InnerPlan plan = with_steps(lower(anil, layout()).training, 7);
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
  const auto weighted = [](int steps, std::vector<double> weights) {
    return Maml{.inner = {.steps = steps}, .step_weights = std::move(weights)};
  };
  expect_error<InvalidArgument>(
      [&] {
        validate(weighted(3, {0.5, 0.5}));
      },
      "maml: 2 step_weights for 3 inner steps");
  expect_error<InvalidArgument>(
      [&] {
        validate(weighted(2, {0.5, 0.25}));
      },
      "maml: step_weights must sum to 1, they sum to 0.750000");
  EXPECT_THROW(validate(weighted(1, {nan})), InvalidArgument);
  EXPECT_THROW(validate(Maml{.learned_rate = static_cast<LearnedRate>(9)}), InvalidArgument);
  EXPECT_NO_THROW(validate(MetaSgd{{.learning_rate = -0.5}})) << "rates are unconstrained in sign";
}

/// A configuration may name any option; one that the algorithm does not have is refused.
TEST(Algorithm, IsMadeOfItsOwnOptionsAlone) {
  const AlgorithmOptions weights{.steps = 1, .step_weights = {1.0}};
  for (const std::string_view name : algorithm_names())
    if (name == "reptile" || name == "pooled")
      expect_error<InvalidArgument>(
          [&] { make_algorithm(name, weights); },
          std::string(name) + ": has no query loss along the inner loop, so no step_weights");
    else
      EXPECT_EQ(options_of(make_algorithm(name, weights)), weights) << name;
}

TEST(Algorithm, RefusesLearnedRatesWhereTheyHaveNoExactGradient) {
  for (const LearnedRate rate : {LearnedRate::layer, LearnedRate::layer_step, LearnedRate::parameter}) {
    for (const char* name : {"fomaml", "reptile", "pooled"})
      EXPECT_THROW(make_algorithm(name, {.learned_rate = rate}), InvalidArgument) << name;
    for (const char* name : {"maml", "anil", "boil"}) {
      const Algorithm algorithm = make_algorithm(name, {.learned_rate = rate});
      EXPECT_NO_THROW(validate(algorithm)) << name;
      EXPECT_EQ(learned_rate_of(algorithm), rate) << name;
    }
  }
  const AlgorithmOptions by_layer{.learned_rate = LearnedRate::layer};
  expect_error<InvalidArgument>(
      [&] { make_algorithm("fomaml", by_layer); },
      "fomaml: has no exact gradient for learned rates; learned_lr must be \"none\"");
  expect_error<InvalidArgument>(
      [&] { make_algorithm("meta-sgd", by_layer); },
      "meta-sgd: learns a rate for every parameter; learned_lr cannot be \"layer\"");
  EXPECT_EQ(learned_rate_of(MetaSgd{}), LearnedRate::parameter);
  EXPECT_EQ(make_algorithm("meta-sgd", {.learned_rate = LearnedRate::parameter}), Algorithm(MetaSgd{}));
}

}  // namespace
}  // namespace shoal::testing
