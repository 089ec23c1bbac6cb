// SPDX-License-Identifier: Apache-2.0
// The generalised linear model of a loss: one vector of coefficients for the rows of all tasks, fitted to
// convergence. It is the baseline that every network has to beat.
//
// Example:
//
//   const shoal::TaskBatch64 rows = shoal::widen(tasks).joined();  // support and query rows of all tasks
//   const shoal::LinearModel model = shoal::fit_linear({}, rows.columns(), rows.query());
//   const std::vector<double> outputs = shoal::linear_outputs(model, rows.query());
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

struct LinearModel {
  int inputs = 0, outputs = 0;
  /// [outputs, inputs + 1]: of every output the coefficients of the inputs, then the intercept. Those of the
  /// first class of softmax are 0.
  std::vector<double> coefficients;
  double gradient = 0.0;  ///< largest partial derivative of the mean loss where the fit ended; at most 1e-8
  double ridge = 0.0;  ///< r of the penalty r |coefficients|^2 / 2 on the mean loss; 0 unless it was singular
  int iterations = 0;  ///< Newton's steps; with several targets those of the longest fit
  std::int64_t rows = 0;  ///< that it was fitted on
};

/// Whether a loss has a generalised linear model here: bce, mse, qlike and softmax.
bool has_linear_model(LossKind kind);

/// Minimises the mean loss over the rows by Newton's method, with the rows' offset, until no partial
/// derivative is above 1e-8. Where the problem is singular (inputs that depend on each other) a ridge picks
/// one of the solutions; it is too small to move an output by more than about 1e-7. `rows` in double; with
/// several targets each has a fit of its own. `classes`: of softmax, above every label. Throws
/// InvalidArgument for a loss without a linear model, DataError for no rows and for values that are not
/// finite, NumericError where Newton's method does not converge.
LinearModel fit_linear(const Loss& loss, const TaskColumns& columns, const TaskSet<double>& rows,
                       int classes = 0);

/// The outputs for the rows, with their offset: [rows, outputs].
std::vector<double> linear_outputs(const LinearModel& model, const TaskSet<double>& rows);

}  // namespace shoal
