// SPDX-License-Identifier: Apache-2.0
// How much tasks differ: against numpy (linear_fixture.py), and whether the advice is right on segments whose
// spread is known. Covers intercept, empirical_bayes.
#include <gtest/gtest.h>

#include <cmath>

#include <shoal/empirical_bayes.hpp>
#include <shoal/error.hpp>
#include <shoal/heterogeneity.hpp>
#include <shoal/linear_model.hpp>

#include "baselines/credit_segments.hpp"
#include "baselines/intercept.hpp"
#include "baselines/linear_fixture.hpp"

namespace shoal {
namespace {

using testing::LinearFixture;

Loss loss_of(const testing::RowsCase& rows) {
  Loss loss{rows.loss};
  if (rows.loss == LossKind::qlike) loss.floor = 0.01;
  return loss;
}

Heterogeneity measured(const Loss& loss, const TaskColumns& columns, const TaskSet<double>& rows) {
  return heterogeneity_of(loss, columns, rows, linear_outputs(fit_linear(loss, columns, rows), rows));
}

TEST(Heterogeneity, IsItsFormulasInNumpy) {
  for (const LinearFixture& fixture : testing::linear_fixtures) {
    if (fixture.statistics.empty()) continue;
    SCOPED_TRACE(fixture.rows.seed);
    const auto storage = testing::rows_of(fixture.rows);
    const Heterogeneity found =
        measured(loss_of(fixture.rows), testing::columns_of(fixture.rows), storage.view());
    const std::vector<double> ours = {static_cast<double>(found.tasks),
                                      found.dispersion,
                                      found.bias.q,
                                      found.bias.p.value(),
                                      found.bias.tau2.value(),
                                      static_cast<double>(found.slopes.tasks),
                                      found.slopes.z.value(),
                                      found.slopes.p.value(),
                                      found.slopes.tau2.value()};
    ASSERT_EQ(ours.size(), fixture.statistics.size());
    for (std::size_t i = 0; i < ours.size(); ++i)
      EXPECT_NEAR(ours[i], fixture.statistics[i], 1e-6 * (1e-3 + std::fabs(fixture.statistics[i]))) << i;
  }
}

TEST(Intercept, IsTheModeOfItsPosterior) {
  for (const LinearFixture& fixture : testing::linear_fixtures) {
    if (fixture.statistics.empty()) continue;
    SCOPED_TRACE(fixture.rows.seed);
    const auto storage = testing::rows_of(fixture.rows);
    const auto model = fit_linear(loss_of(fixture.rows), testing::columns_of(fixture.rows), storage.view());
    const auto outputs = linear_outputs(model, storage.view());
    const auto count = static_cast<std::size_t>(std::min(20, fixture.rows.rows));
    const std::span<const double> o = std::span(outputs).first(count), y = std::span(storage.y).first(count);
    const Loss loss = loss_of(fixture.rows);
    EXPECT_NEAR(baselines::posterior_intercept(loss, o, y, 0.3, fixture.statistics[1]), fixture.intercept,
                1e-6);
    EXPECT_EQ(baselines::posterior_intercept(loss, o, y, 0.0, 1.0), 0.0);
    EXPECT_EQ(baselines::posterior_intercept(loss, {}, {}, 0.3, 1.0), 0.0);
  }
}

TEST(Intercept, OfOneClassHasNoMaximum) {
  const std::vector<double> outputs = {0.1, -0.4, 2.0}, ones = {1.0, 1.0, 1.0};
  EXPECT_FALSE(baselines::own_intercept({LossKind::bce}, outputs, ones).has_value());
  const double prior = baselines::posterior_intercept({LossKind::bce}, outputs, ones, 0.5, 1.0);
  EXPECT_GT(prior, 0.0);
  EXPECT_LT(prior, 1.0);
  EXPECT_FALSE(baselines::own_intercept({LossKind::mse}, {}, {}).has_value());
}

TEST(EmpiricalBayes, IsItsIterationInNumpy) {
  int compared = 0;
  for (const LinearFixture& fixture : testing::linear_fixtures) {
    if (fixture.prior_mean.empty()) continue;
    SCOPED_TRACE(fixture.rows.seed);
    const auto storage = testing::rows_of(fixture.rows);
    const Loss loss = loss_of(fixture.rows);
    const TaskColumns columns = testing::columns_of(fixture.rows);
    const LinearModel linear = fit_linear(loss, columns, storage.view());
    const CoefficientPrior prior =
        fit_coefficient_prior(loss, columns, storage.view(), linear, fixture.statistics[1]);
    for (std::size_t i = 0; i < prior.mean.size(); ++i)
      EXPECT_NEAR(prior.mean[i], fixture.prior_mean[i], 1e-5);
    for (std::size_t i = 0; i < prior.covariance.size(); ++i)
      EXPECT_NEAR(prior.covariance[i], fixture.prior_covariance[i], 1e-5);
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

TEST(EmpiricalBayes, KeepsThePriorWithoutRows) {
  const testing::RowsCase c{31, 6, 20, 2, 0.5, 0.5, LossKind::bce, false, false};
  auto storage = testing::rows_of(c);
  const TaskColumns columns = testing::columns_of(c);
  const Loss loss{LossKind::bce};
  const auto prior =
      fit_coefficient_prior(loss, columns, storage.view(), fit_linear(loss, columns, storage.view()), 1.0);
  storage.row_starts.push_back(storage.row_starts.back());
  EXPECT_EQ(posterior_coefficients(prior, loss, columns, storage.view(), 6), prior.mean);
  EXPECT_NE(posterior_coefficients(prior, loss, columns, storage.view(), 0), prior.mean);
  const TaskSetStorage<double> one{{1.0, 2.0}, {0.0, 1.0}, {}, {}, {0, 2}};
  EXPECT_THROW(
      fit_coefficient_prior(loss, {1, 1, 0}, one.view(), fit_linear(loss, {1, 1, 0}, one.view()), 1.0),
      DataError);
}

TEST(Heterogeneity, BelowTenTasksIsNeverAll) {
  const testing::RowsCase c{41, 9, 200, 3, 0.0, 2.0, LossKind::bce, false, false};
  const auto storage = testing::rows_of(c);
  const Heterogeneity found = measured({LossKind::bce}, testing::columns_of(c), storage.view());
  ASSERT_GT(found.slopes.z.value(), 2.5);  // of 3, the most that nine tasks can give
  EXPECT_NE(found.advice, Advice::all);
  EXPECT_NE(found.reason.find("too few tasks (9)"), std::string::npos) << found.reason;
}

TEST(Heterogeneity, SaysWhatCannotBeTested) {
  TaskSetStorage<double> storage{{1.0, 2.0, 3.0}, {0.0, 1.0, 0.0}, {}, {}, {0, 3, 3}};
  const std::vector<double> outputs = {0.0, 0.1, 0.2};
  const Heterogeneity found = heterogeneity_of({LossKind::bce}, {1, 1, 0}, storage.view(), outputs);
  EXPECT_EQ(found.tasks, 1);  // a task without rows is none
  EXPECT_FALSE(found.bias.p.has_value());
  EXPECT_EQ(found.advice, Advice::pooled);
  EXPECT_THROW(heterogeneity_of({LossKind::softmax}, {1, 0, 0}, storage.view(), outputs), InvalidArgument);
  EXPECT_THROW(heterogeneity_of({LossKind::bce}, {1, 1, 0}, storage.view(), {}), InvalidArgument);
}

TEST(Heterogeneity, AdviceFitsTheSpreadOfSegments) {  // segments_test.cpp looks at many more
  const auto advice = [](double tau, double level) {
    const testing::CreditSegments segments = testing::credit_segments(1, 60, 200, tau, level);
    return measured({LossKind::bce}, segments.columns, segments.rows.view()).advice;
  };
  EXPECT_EQ(advice(0.0, 0.0), Advice::pooled);
  EXPECT_EQ(advice(0.0, 0.7), Advice::bias);
  EXPECT_EQ(advice(1.0, 0.7), Advice::all);
}

}  // namespace
}  // namespace shoal
