// SPDX-License-Identifier: Apache-2.0
// Responses: names by loss and target, values against their definitions in long double, one NaN for the whole
// row.
#include <shoal/responses.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

std::vector<std::string> names(const Responses& responses) {
  std::vector<std::string> names;
  for (const Response& column : responses.columns()) names.push_back(column.name);
  return names;
}

template <class Real>
std::vector<Real> values(const Responses& responses, const std::vector<Real>& outputs) {
  std::vector<Real> values(responses.columns().size());
  responses.of_row<Real>(outputs, values);
  return values;
}

using Names = std::vector<std::string>;

TEST(Responses, AreNamedAfterTheLossAndItsTargets) {
  EXPECT_EQ(names(Responses({LossKind::mse}, 1, {"y"})), Names{"prediction"});
  EXPECT_EQ(names(Responses({LossKind::huber}, 2, {"y", "z"})), (Names{"prediction_y", "prediction_z"}));
  EXPECT_EQ(names(Responses({LossKind::bce}, 1)), Names{"probability"});
  EXPECT_EQ(names(Responses({LossKind::softmax}, 3, {"grade"}, {"A", "B", "1,5"})),
            (Names{"label", "probability_A", "probability_B", "probability_1,5"}));
  EXPECT_EQ(names(Responses({LossKind::softmax}, 2)), (Names{"label", "probability_0", "probability_1"}));
  Loss pinball{LossKind::pinball};
  pinball.quantiles = {0.01, 0.5, 0.975, 1e-7};
  EXPECT_EQ(names(Responses(pinball, 4)), (Names{"q_0.01", "q_0.5", "q_0.975", "q_0.0000001"}));
  pinball.quantiles = {0.1, 0.9};
  EXPECT_EQ(names(Responses(pinball, 4, {"a", "b"})), (Names{"q_0.1_a", "q_0.9_a", "q_0.1_b", "q_0.9_b"}));
  EXPECT_EQ(names(Responses({LossKind::gaussian_nll}, 2)), (Names{"mean", "variance"}));
  EXPECT_EQ(names(Responses({LossKind::gaussian_nll}, 4, {"a", "b"})),
            (Names{"mean_a", "variance_a", "mean_b", "variance_b"}));
  EXPECT_EQ(names(Responses({LossKind::qlike}, 1, {"rv"})), Names{"variance"});
}

TEST(Responses, NamesThatDoNotFitAreRefused) {
  expect_error<InvalidArgument>([] { Responses({LossKind::mse}, 2, {"y"}); },
                                "responses: 1 names for 2 targets");
  expect_error<InvalidArgument>(
      [] {
        Responses({LossKind::softmax}, 3, {}, {"a", "b"});
      },
      "responses: 2 names for 3 classes");
  EXPECT_THROW(Responses({LossKind::gaussian_nll}, 3), InvalidArgument);
  EXPECT_THROW(Responses({LossKind::mse}, 0), InvalidArgument);
}

template <class Real>
void expect_close(Real value, long double wanted) {
  const long double tolerance = 4 * std::numeric_limits<Real>::epsilon() * std::abs(wanted);
  EXPECT_NEAR(static_cast<double>(value), static_cast<double>(wanted), static_cast<double>(tolerance));
}

template <class Real>
void expect_definitions() {
  for (const Real x : {Real(-20), Real(-1.25), Real(0), Real(0.5), Real(17)}) {
    expect_close(values<Real>(Responses({LossKind::bce}, 1), {x})[0],
                 1 / (1 + std::exp(-static_cast<long double>(x))));
    expect_close(values<Real>(Responses({LossKind::qlike}, 1), {x})[0],
                 std::exp(static_cast<long double>(x)));
    EXPECT_EQ(values<Real>(Responses({LossKind::huber}, 1), {x})[0], x);
  }
  // Means first, then log-variances.
  const auto normal =
      values<Real>(Responses({LossKind::gaussian_nll}, 4), {Real(3), Real(-4), Real(-2), Real(1)});
  EXPECT_EQ(normal[0], Real(3));
  expect_close(normal[1], std::exp(-2.0L));
  EXPECT_EQ(normal[2], Real(-4));
  expect_close(normal[3], std::exp(1.0L));
  const std::vector<Real> logits = {Real(60), Real(100), Real(99.5), Real(100)};
  const auto classes = values<Real>(Responses({LossKind::softmax}, 4), logits);
  EXPECT_EQ(classes[0], Real(1)) << "the first of the largest";
  long double sum = 0;
  for (const Real x : logits) sum += std::exp(static_cast<long double>(x) - 100);
  for (std::size_t j = 0; j < 4; ++j)
    expect_close(classes[1 + j], std::exp(static_cast<long double>(logits[j]) - 100) / sum);
  Loss pinball{LossKind::pinball};
  pinball.quantiles = {0.1, 0.9};
  EXPECT_EQ(values<Real>(Responses(pinball, 4), {1, 2, 3, 4}), (std::vector<Real>{1, 2, 3, 4}));
}

TEST(Responses, AgreeWithTheirDefinitions) {
  expect_definitions<float>();
  expect_definitions<double>();
}

TEST(Responses, ARowWithNaNHasNone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float value : values<float>(Responses({LossKind::softmax}, 3), {1, nan, 2}))
    EXPECT_TRUE(std::isnan(value));
  for (const float value : values<float>(Responses({LossKind::gaussian_nll}, 2), {1, nan}))
    EXPECT_TRUE(std::isnan(value));
}

}  // namespace
}  // namespace shoal::testing
