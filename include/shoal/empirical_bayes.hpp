// SPDX-License-Identifier: Apache-2.0
// Empirical Bayes: a normal prior of the coefficients of a linear model, estimated from many tasks, and the
// coefficients of one task under it. The strong linear reference of few-shot adaptation.
//
// Example:
//
//   const shoal::TaskBatch64 all = shoal::widen(tasks).joined();
//   const shoal::LinearModel linear = shoal::fit_linear({}, all.columns(), all.query());
//   const shoal::CoefficientPrior prior =
//       shoal::fit_coefficient_prior({}, all.columns(), all.query(), linear, 1.0);
//   const std::vector<double> first =
//       shoal::posterior_coefficients(prior, {}, all.columns(), shoal::widen(tasks).support(), 0);
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/linear_model.hpp>
#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// coefficients ~ N(mean, covariance); the last one is the intercept.
struct CoefficientPrior {
  int inputs = 0;
  std::vector<double> mean;        ///< [inputs + 1]
  std::vector<double> covariance;  ///< [inputs + 1, inputs + 1]
  double dispersion = 1.0;         ///< the losses of rows are divided by it (heterogeneity.hpp)
  int iterations = 0;              ///< of the expectation-maximisation
};

/// Estimates the prior by expectation-maximisation with Laplace's approximation of each task's posterior
/// (definitions.md), from `start` on, for at most 100 iterations. Throws InvalidArgument for losses other
/// than bce, mse and qlike or several targets, DataError where fewer than two tasks have rows.
CoefficientPrior fit_coefficient_prior(const Loss& loss, const TaskColumns& columns,
                                       const TaskSet<double>& rows, const LinearModel& start,
                                       double dispersion);

/// The mode of the posterior of task number `task` of `rows`: [inputs + 1]; the prior's mean for a task
/// without rows.
std::vector<double> posterior_coefficients(const CoefficientPrior& prior, const Loss& loss,
                                           const TaskColumns& columns, const TaskSet<double>& rows,
                                           std::int64_t task);

}  // namespace shoal
