// SPDX-License-Identifier: Apache-2.0
// Outer optimizers against PyTorch's documented formulas in long double, with powers instead of running
// products.
#include <shoal/optimizer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "core/optimizer_step.hpp"
#include "expect_error.hpp"

namespace shoal::testing {
namespace {

constexpr int updates = 400;

/// torch.optim, as its documentation writes it; one parameter.
class Oracle {
 public:
  Oracle(const Optimizer& optimizer, long double start) : o_(optimizer), theta_(start) {}

  void update(long double g) {
    ++t_;
    const long double lr = o_.learning_rate, decay = o_.weight_decay;
    if (o_.kind == OptimizerKind::adamw)
      theta_ -= lr * decay * theta_;
    else
      g += decay * theta_;
    if (o_.kind == OptimizerKind::sgd) {
      theta_ -= lr * g;
    } else if (o_.kind == OptimizerKind::momentum) {
      m_ = t_ == 1 ? g : static_cast<long double>(o_.momentum) * m_ + g;
      theta_ -= lr * m_;
    } else {
      m_ += (g - m_) * (1.0L - static_cast<long double>(o_.beta1));
      v_ += (g * g - v_) * (1.0L - static_cast<long double>(o_.beta2));
      const long double m_hat = m_ / (1.0L - std::pow(static_cast<long double>(o_.beta1), t_));
      const long double v_hat = v_ / (1.0L - std::pow(static_cast<long double>(o_.beta2), t_));
      theta_ -= lr * m_hat / (std::sqrt(v_hat) + static_cast<long double>(o_.epsilon));
    }
  }
  long double theta() const { return theta_; }

 private:
  Optimizer o_;
  long double theta_, m_ = 0.0L, v_ = 0.0L;
  int t_ = 0;
};

/// Largest distance from the oracle over `updates` updates of 5 weights and 3 rates, relative to 1 + |theta|.
template <class Real>
double worst_error(const Optimizer& optimizer) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  MetaParameters<Real> parameters{std::vector<Real>(5), std::vector<Real>(3)};
  OptimizerState<Real> state;
  std::vector<Oracle> oracles;
  for (auto* part : {&parameters.theta, &parameters.rates})
    for (Real& value : *part) {
      value = static_cast<Real>(normal(random));
      oracles.emplace_back(optimizer, value);
    }
  double worst = 0.0;
  for (int t = 0; t < updates; ++t) {
    MetaParameters<Real> gradient{std::vector<Real>(5), std::vector<Real>(3)};
    std::size_t i = 0;
    for (auto* part : {&gradient.theta, &gradient.rates})
      for (Real& value : *part) {
        value = static_cast<Real>((0.3 + normal(random)) * std::pow(10.0, static_cast<double>(i) - 4.0));
        oracles[i++].update(value);
      }
    optimizer_step(optimizer, parameters, gradient, state);
    i = 0;
    for (const auto* part : {&parameters.theta, &parameters.rates})
      for (const Real value : *part) {
        const long double wanted = oracles[i++].theta();
        worst = std::max(worst, static_cast<double>(std::abs(value - wanted) / (1.0L + std::abs(wanted))));
      }
  }
  EXPECT_EQ(state.step, updates);
  return worst;
}

TEST(Optimizer, FollowsPyTorchOverManyUpdates) {
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adam, OptimizerKind::adamw})
    for (const double weight_decay : {0.0, 0.1}) {
      const Optimizer optimizer{.kind = kind, .learning_rate = 0.01, .weight_decay = weight_decay};
      const double in_double = worst_error<double>(optimizer), in_float = worst_error<float>(optimizer);
      EXPECT_LT(in_double, 1e-13) << to_string(kind) << ", weight decay " << weight_decay;
      EXPECT_LT(in_float, 2e-5) << to_string(kind) << ", weight decay " << weight_decay;
      std::printf("%-8s decay %.1f: worst error %.1e in double, %.1e in float\n",
                  std::string(to_string(kind)).c_str(), weight_decay, in_double, in_float);
    }
}

TEST(Optimizer, FirstAdamUpdateIsTheLearningRateBySign) {
  MetaParameters<float> parameters{{1.0f, 1.0f, 1.0f}, {}}, gradient{{1e-3f, -5.0f, 0.0f}, {}};
  OptimizerState<float> state;
  optimizer_step({.learning_rate = 0.125}, parameters, gradient, state);
  EXPECT_NEAR(parameters.theta[0], 0.875f, 2e-6f);
  EXPECT_NEAR(parameters.theta[1], 1.125f, 1e-6f);
  EXPECT_EQ(parameters.theta[2], 1.0f);
}

TEST(Optimizer, StateHoldsWhatItsKindNeeds) {
  const std::pair<OptimizerKind, std::array<std::size_t, 2>> wanted[] = {{OptimizerKind::sgd, {0, 0}},
                                                                         {OptimizerKind::momentum, {3, 0}},
                                                                         {OptimizerKind::adam, {3, 3}},
                                                                         {OptimizerKind::adamw, {3, 3}}};
  for (const auto& [kind, sizes] : wanted) {
    MetaParameters<float> parameters{{1, 2}, {3}}, gradient{{1, 1}, {1}};
    OptimizerState<float> state;
    optimizer_step({.kind = kind}, parameters, gradient, state);
    EXPECT_EQ(state.first.size(), sizes[0]) << to_string(kind);
    EXPECT_EQ(state.second.size(), sizes[1]) << to_string(kind);
    EXPECT_EQ(state.beta1_power, 0.9);
    EXPECT_EQ(state.beta2_power, 0.999);
  }
}

template <class Real>
class GradientNorm : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(GradientNorm, Reals);

TYPED_TEST(GradientNorm, IsThatOfThetaAndRatesTogether) {
  using Real = TypeParam;
  EXPECT_EQ(gradient_norm<Real>(std::vector<Real>{}, std::vector<Real>{}), 0.0);
  EXPECT_EQ(gradient_norm<Real>(std::vector<Real>{0, 0}, std::vector<Real>{0}), 0.0);
  EXPECT_EQ(gradient_norm<Real>(std::vector<Real>{3}, std::vector<Real>{-4}), 5.0);
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  for (const double scale : {1.0, 1e-30, 1e17, 3e-44}) {
    std::vector<Real> theta(700), rates(90);
    long double squares = 0.0L;
    for (auto* part : {&theta, &rates})
      for (Real& g : *part) {
        g = static_cast<Real>(scale * normal(random));
        squares += static_cast<long double>(g) * static_cast<long double>(g);
      }
    const auto wanted = static_cast<double>(std::sqrt(squares));
    EXPECT_NEAR(gradient_norm<Real>(theta, rates), wanted, 2e-7 * wanted) << scale;
  }
}

TYPED_TEST(GradientNorm, IsClippedInDirection) {
  using Real = TypeParam;
  for (const auto& [clip, factor] : {std::pair{1.0, 0.2}, {5.0, 1.0}, {6.0, 1.0}, {0.0, 1.0}}) {
    MetaParameters<Real> parameters{{0}, {0}}, gradient{{3}, {-4}};
    OptimizerState<Real> state;
    optimizer_step({.kind = OptimizerKind::sgd, .learning_rate = 1.0, .clip = clip}, parameters, gradient,
                   state);
    EXPECT_NEAR(parameters.theta[0], -3 * factor, 1e-6) << clip;
    EXPECT_NEAR(parameters.rates[0], 4 * factor, 1e-6) << clip;
    if (factor == 1.0) {
      EXPECT_EQ(parameters.theta[0], Real(-3)) << "untouched, not rescaled";
    }
  }
}

TEST(GradientNormInFloat, HasTheSameBitsInAnyOrder) {
  std::mt19937_64 random(13);
  std::normal_distribution<float> normal;
  std::vector<float> values(3000);
  for (float& value : values) value = normal(random) * std::ldexp(1.0f, static_cast<int>(random() % 40) - 20);
  const double norm = gradient_norm<float>(values, {});
  for (int round = 0; round < 20; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    const std::size_t split = random() % values.size();
    const std::span<const float> all(values);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(gradient_norm<float>(all.first(split), all.subspan(split))),
              std::bit_cast<std::uint64_t>(norm));
  }
}

TEST(Optimizer, RefusesOptionsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(Optimizer{}.validate());
  EXPECT_NO_THROW((Optimizer{.learning_rate = 0.0, .beta1 = 0.0, .beta2 = 0.0, .momentum = 0.0}.validate()));
  expect_error<InvalidArgument>([] { Optimizer{.learning_rate = -1.0}.validate(); },
                                "optimizer: lr must be finite and at least 0");
  expect_error<InvalidArgument>([] { Optimizer{.beta1 = 1.0}.validate(); },
                                "optimizer: beta1 must lie in [0, 1)");
  expect_error<InvalidArgument>([] { Optimizer{.beta2 = -0.1}.validate(); },
                                "optimizer: beta2 must lie in [0, 1)");
  expect_error<InvalidArgument>([] { Optimizer{.epsilon = 0.0}.validate(); },
                                "optimizer: epsilon must be positive and finite");
  expect_error<InvalidArgument>([&] { Optimizer{.weight_decay = nan}.validate(); },
                                "optimizer: weight_decay must be finite and at least 0");
  expect_error<InvalidArgument>([] { Optimizer{.momentum = 1.0}.validate(); },
                                "optimizer: momentum must lie in [0, 1)");
  expect_error<InvalidArgument>([] { Optimizer{.clip = -1.0}.validate(); },
                                "optimizer: clip must be finite and at least 0 (0 = off)");
  expect_error<InvalidArgument>([&] { Optimizer{.final_learning_rate = nan}.validate(); },
                                "optimizer: final_lr must be finite and at least 0");
  expect_error<InvalidArgument>([] { Optimizer{.schedule = Schedule::cosine}.validate(); },
                                "optimizer: a cosine schedule needs the number of iterations");
}

}  // namespace
}  // namespace shoal::testing
