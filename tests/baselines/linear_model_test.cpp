// SPDX-License-Identifier: Apache-2.0
// Linear models of losses against scikit-learn, numpy and SciPy (linear_fixture.py), and what they refuse.
// Covers newton, cholesky, loss_terms, exponential.
#include <gtest/gtest.h>

#include <cmath>

#include <shoal/error.hpp>
#include <shoal/linear_model.hpp>

#include "baselines/cholesky.hpp"
#include "baselines/exponential.hpp"
#include "baselines/linear_fixture.hpp"
#include "baselines/loss_terms.hpp"
#include "baselines/newton.hpp"
#include "baselines/row_loss.hpp"

namespace shoal {
namespace {

using testing::LinearFixture;

Loss loss_of(const testing::RowsCase& rows) {
  Loss loss{rows.loss};
  if (rows.loss == LossKind::qlike) loss.floor = 0.01;
  return loss;
}

TEST(Exponential, IsThatOfTheLibrary) {
  testing::Draws draws(1);
  for (int i = 0; i < 100000; ++i) {
    const double x = 1490.0 * (draws.uniform() - 0.5);
    const double expected = std::exp(x);
    if (std::isinf(expected)) {
      EXPECT_GT(x, 709.0);
      continue;
    }
    EXPECT_NEAR(baselines::exponential(x), expected, 1e-15 * expected + 5e-324) << x;
  }
  EXPECT_EQ(baselines::exponential(0.0), 1.0);
  EXPECT_EQ(baselines::exponential(-1000.0), 0.0);
  EXPECT_EQ(baselines::exponential(1000.0), HUGE_VAL);
  EXPECT_TRUE(std::isnan(baselines::exponential(NAN)));
  EXPECT_NEAR(baselines::logistic(-40.0), std::exp(-40.0), 1e-30);
}

/// Slope and curvature are the derivatives of the value.
TEST(LossTerms, AreDerivatives) {
  testing::Draws draws(2);
  const Loss losses[] = {{.kind = LossKind::bce, .pos_weight = 3.0},
                         {.kind = LossKind::mse},
                         {.kind = LossKind::qlike, .floor = 0.1}};
  for (const Loss& loss : losses)
    for (int i = 0; i < 50; ++i) {
      const double o = draws.normal(), y = draws.uniform(), e = 1e-4;
      const auto at = [&](double output) { return baselines::loss_terms(loss, output, y); };
      EXPECT_NEAR(at(o).slope, (at(o + e).value - at(o - e).value) / (2 * e), 1e-7);
      EXPECT_NEAR(at(o).curvature, (at(o + e).slope - at(o - e).slope) / (2 * e), 1e-7);
    }
}

TEST(RowLoss, IsTheMeanOfItsTerms) {
  using V = std::vector<double>;
  const auto loss = [](const Loss& of, const V& outputs, const V& targets, std::size_t rows) {
    return baselines::mean_loss(of, outputs, targets, {}, rows);
  };
  EXPECT_NEAR(loss({LossKind::mse}, {1, 2, 3, 4}, {0, 0, 3, 2}, 2), (1 + 4 + 0 + 4) / 4.0, 1e-15);
  EXPECT_NEAR(loss({LossKind::huber, 1.0}, {0.5, 3}, {0, 0}, 2), (0.125 + 2.5) / 2, 1e-15);
  const Loss pinball{.kind = LossKind::pinball, .quantiles = {0.1, 0.9}};
  EXPECT_NEAR(loss(pinball, {1, 3, 0, 1}, {2, 2}, 2), (0.1 + 0.1 + 0.2 + 0.9) / 4, 1e-15);
  EXPECT_NEAR(loss({LossKind::gaussian_nll}, {1, 0.5}, {3}, 1), 0.5 * (0.5 + 4 * std::exp(-0.5)), 1e-15);
  EXPECT_NEAR(loss({LossKind::bce}, {0.3}, {1}, 1), std::log1p(std::exp(-0.3)), 1e-15);
  EXPECT_NEAR(loss({.kind = LossKind::qlike, .floor = 0.5}, {0.2}, {0.1}, 1),
              0.5 * std::exp(-0.2) - std::log(0.5) + 0.2 - 1, 1e-15);
  const std::vector<std::int64_t> labels = {2};
  EXPECT_NEAR(baselines::mean_loss({LossKind::softmax}, V{1, 2, 3}, {}, labels, 1),
              std::log(std::exp(1.0) + std::exp(2.0) + std::exp(3.0)) - 3, 1e-14);
  EXPECT_TRUE(std::isnan(loss({LossKind::mse}, {}, {}, 0)));
}

TEST(Cholesky, SolvesInvertsAndSeesASingularMatrix) {
  const std::vector<double> matrix = {4, 0, 0, 2, 5, 0, 1, 3, 6};
  const baselines::Cholesky factor(matrix, 3);
  ASSERT_TRUE(factor.good());
  std::vector<double> b = {4 + 2 * 2 + 3, 2 + 5 * 2 + 3 * 3, 1 + 3 * 2 + 6 * 3};  // the solution is 1, 2, 3
  factor.solve(b);
  EXPECT_NEAR(b[0], 1.0, 1e-14);
  EXPECT_NEAR(b[1], 2.0, 1e-14);
  EXPECT_NEAR(b[2], 3.0, 1e-14);
  EXPECT_NEAR(factor.inverse()[0], (5 * 6 - 3 * 3) / 67.0, 1e-14);
  EXPECT_FALSE(baselines::Cholesky(std::vector<double>{1, 0, 1, 1}, 2, 1e-12).good());
}

TEST(Newton, GivesUpWhereThereIsNoMinimum) {
  const baselines::Objective falling = [](std::span<const double> at, std::span<double> gradient,
                                          std::span<double> hessian) {
    if (!gradient.empty()) gradient[0] = -1e6;
    if (!hessian.empty()) hessian[0] = 0.0;
    return -1e6 * at[0];
  };
  const auto found = baselines::minimise(falling, {0.0}, 1e-8);  // the ridge makes a minimum, far out
  EXPECT_GT(found.ridge, 0.0);
  const baselines::Objective nowhere = [](std::span<const double>, std::span<double> gradient,
                                          std::span<double> hessian) {
    if (!gradient.empty()) gradient[0] = NAN;
    if (!hessian.empty()) hessian[0] = NAN;
    return std::nan("");
  };
  EXPECT_THROW(baselines::minimise(nowhere, {0.0}, 1e-8), NumericError);
}

TEST(LinearModel, IsThatOfScikitLearn) {
  for (const LinearFixture& fixture : testing::linear_fixtures) {
    SCOPED_TRACE(fixture.rows.seed);
    const auto storage = testing::rows_of(fixture.rows);
    const TaskSet<double> rows = storage.view();
    const Loss loss = loss_of(fixture.rows);
    const bool softmax = loss.kind == LossKind::softmax;
    const LinearModel model = fit_linear(loss, testing::columns_of(fixture.rows), rows, softmax ? 3 : 0);
    EXPECT_LE(model.gradient, 1e-8);
    EXPECT_EQ(model.rows, rows.total_rows());
    EXPECT_EQ(model.ridge > 0.0, fixture.rows.category);  // a category's columns add up to the intercept
    LinearModel expected = model;
    expected.coefficients = fixture.coefficients;
    const auto outputs = linear_outputs(model, rows), theirs = linear_outputs(expected, rows);
    ASSERT_EQ(outputs.size(), theirs.size());
    const std::size_t width = softmax ? 3 : 1;
    for (std::size_t i = 0; i < outputs.size(); i += width) {
      if (softmax) {
        double a = 0.0, b = 0.0;
        for (std::size_t k = 0; k < 3; ++k) a += std::exp(outputs[i + k]), b += std::exp(theirs[i + k]);
        for (std::size_t k = 0; k < 3; ++k)
          EXPECT_NEAR(std::exp(outputs[i + k]) / a, std::exp(theirs[i + k]) / b, 1e-5);
      } else if (loss.kind == LossKind::bce) {
        EXPECT_NEAR(baselines::logistic(outputs[i]), baselines::logistic(theirs[i]), 1e-5);
      } else {
        EXPECT_NEAR(outputs[i], theirs[i], 1e-6);
      }
    }
  }
}

TEST(LinearModel, TakesEveryTargetByItself) {
  const testing::RowsCase one{21, 3, 30, 2, 0.4, 0.0, LossKind::mse, false, false};
  auto storage = testing::rows_of(one);
  const LinearModel first = fit_linear({LossKind::mse}, {2, 1, 0}, storage.view());
  std::vector<double> both;
  for (const double y : storage.y) {
    both.push_back(y);
    both.push_back(3.0 - 2.0 * y);
  }
  storage.y = both;
  const LinearModel two = fit_linear({LossKind::mse}, {2, 2, 0}, storage.view());
  ASSERT_EQ(two.coefficients.size(), 6u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(two.coefficients[i], first.coefficients[i], 1e-9);
    EXPECT_NEAR(two.coefficients[3 + i], (i == 2 ? 3.0 : 0.0) - 2.0 * first.coefficients[i], 1e-9);
  }
}

/// Where the classes are separated the likelihood has no maximum: the fit ends all the same, and is right.
TEST(LinearModel, EndsWhereClassesAreSeparated) {
  TaskSetStorage<double> storage;
  for (int i = -10; i <= 10; ++i) {
    if (i == 0) continue;
    storage.x.push_back(i);
    storage.y.push_back(i > 0 ? 1.0 : 0.0);
  }
  storage.row_starts = {0, 20};
  const LinearModel model = fit_linear({LossKind::bce}, {1, 1, 0}, storage.view());
  for (const double output : linear_outputs(model, storage.view())) EXPECT_GT(std::fabs(output), 5.0);
}

TEST(LinearModel, RefusesWhatItCannotFit) {
  TaskSetStorage<double> storage{{1.0, 2.0}, {0.0, 1.0}, {}, {}, {0, 2}};
  EXPECT_THROW(fit_linear({LossKind::huber}, {1, 1, 0}, storage.view()), InvalidArgument);
  storage.x[1] = NAN;
  EXPECT_THROW(fit_linear({LossKind::mse}, {1, 1, 0}, storage.view()), DataError);
  const TaskSetStorage<double> none;
  EXPECT_THROW(fit_linear({LossKind::mse}, {1, 1, 0}, none.view()), DataError);
  const TaskSetStorage<double> labels{{1.0, 2.0}, {}, {}, {0, 3}, {0, 2}};
  EXPECT_THROW(fit_linear({LossKind::softmax}, {1, 0, 0}, labels.view(), 3), InvalidArgument);
}

}  // namespace
}  // namespace shoal
