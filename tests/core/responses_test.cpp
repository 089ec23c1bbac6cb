// SPDX-License-Identifier: Apache-2.0
// Responses: names by loss and target, values against their definitions in long double; one NaN output makes
// the whole row NaN.
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

// Correctly rounded values, computed once with 80 digits: they do not depend on the C library.
TEST(Responses, OfDoublesHaveFixedBits) {
  EXPECT_EQ(values<double>(Responses({LossKind::qlike}, 1), {1.0})[0], 0x1.5bf0a8b145769p+1);
  EXPECT_EQ(values<double>(Responses({LossKind::qlike}, 1), {-7.25})[0], 0x1.7455fe323fafdp-11);
  EXPECT_EQ(values<double>(Responses({LossKind::gaussian_nll}, 2), {0.5, 300.125})[1],
            0x1.fc0ed35ef0037p+432);
  EXPECT_EQ(values<double>(Responses({LossKind::bce}, 1), {0.75})[0], 0x1.5bbd4f7a323ecp-1);
}

template <class Real>
void expect_rows_alike(const Responses& responses, std::size_t outputs) {
  const std::size_t rows = 3, width = responses.columns().size();
  std::vector<Real> from, all(rows * width), one(width);
  for (std::size_t i = 0; i < rows * outputs; ++i) from.push_back(Real(0.25) * static_cast<Real>(i) - 1);
  from[outputs] = std::numeric_limits<Real>::quiet_NaN();
  responses.of_rows<Real>(from, all, 3);
  for (std::size_t row = 0; row < rows; ++row) {
    responses.of_row<Real>(std::span<const Real>(from).subspan(row * outputs, outputs), one);
    for (std::size_t i = 0; i < width; ++i)
      EXPECT_TRUE(all[row * width + i] == one[i] || (row == 1 && std::isnan(all[row * width + i])));
  }
}

TEST(Responses, ManyRowsAreOneRowEach) {
  Loss pinball{LossKind::pinball};
  pinball.quantiles = {0.1, 0.9};
  for (const Loss& loss : {Loss{LossKind::bce}, Loss{LossKind::softmax}, Loss{LossKind::gaussian_nll},
                           Loss{LossKind::qlike}, Loss{LossKind::mse}, pinball}) {
    expect_rows_alike<float>(Responses(loss, 4), 4);
    expect_rows_alike<double>(Responses(loss, 4), 4);
  }
}

TEST(Responses, OtherSizesAreRefused) {
  const Responses responses({LossKind::softmax}, 3);
  const std::vector<float> outputs(6);
  std::vector<float> values(8);
  const auto refused = [&](std::size_t inputs, std::size_t room, std::int64_t rows, const std::string& what) {
    expect_error<InvalidArgument>(
        [&] {
          responses.of_rows<float>(std::span(outputs).first(inputs), std::span(values).first(room), rows);
        },
        "responses: " + what);
  };
  refused(5, 8, 2, "5 outputs for 2 rows of 3");
  refused(6, 7, 2, "7 values for 2 rows of 4");
  refused(3, 4, 2, "3 outputs for 2 rows of 3");
  refused(0, 0, -1, "0 outputs for -1 rows of 3");
  EXPECT_THROW(responses.of_row<float>(std::span(outputs).first(2), std::span(values).first(4)),
               InvalidArgument);
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
