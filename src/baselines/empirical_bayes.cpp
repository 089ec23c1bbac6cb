// SPDX-License-Identifier: Apache-2.0
#include <shoal/empirical_bayes.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include <shoal/error.hpp>
#include <shoal/heterogeneity.hpp>

#include "baselines/cholesky.hpp"
#include "baselines/loss_terms.hpp"

namespace shoal {
namespace {

using baselines::Cholesky;
using baselines::LossTerms;

constexpr int most_iterations = 100, most_steps = 50;
constexpr double settled = 1e-5;         // relative change of the covariance that ends the estimation
constexpr double first_variance = 0.1;   // of every coefficient, to begin with
constexpr double least_variance = 1e-8;  // keeps the covariance invertible where tasks do not differ

struct Task {
  std::span<const double> x, y, offset;
  std::size_t inputs;

  double output(std::size_t row, std::span<const double> w) const {
    double sum = w[inputs] + (offset.empty() ? 0.0 : offset[row]);
    for (std::size_t c = 0; c < inputs; ++c) sum += x[row * inputs + c] * w[c];
    return sum;
  }
};

Task task_of(const TaskColumns& columns, const TaskSet<double>& rows, std::int64_t task) {
  const auto begin = static_cast<std::size_t>(rows.row_starts[static_cast<std::size_t>(task)]);
  const auto count = static_cast<std::size_t>(rows.rows(task));
  const auto inputs = static_cast<std::size_t>(columns.inputs);
  return {rows.x.subspan(begin * inputs, count * inputs), rows.y.subspan(begin, count),
          rows.output_offset.empty() ? rows.output_offset : rows.output_offset.subspan(begin, count), inputs};
}

/// A prior with the inverse of its covariance.
struct Prior {
  std::span<const double> mean;
  std::vector<double> precision;
  double dispersion;
};

/// Minus the logarithm of a task's posterior, up to a constant, with its gradient and Hessian (lower
/// triangle).
double negative_posterior(const Loss& loss, const Task& task, const Prior& prior, std::span<const double> w,
                          std::span<double> gradient, std::span<double> hessian) {
  const std::size_t n = w.size();
  const bool slopes = !gradient.empty();
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    double pull = 0.0;
    for (std::size_t j = 0; j < n; ++j) pull += prior.precision[i * n + j] * (w[j] - prior.mean[j]);
    sum += 0.5 * (w[i] - prior.mean[i]) * pull;
    if (slopes) gradient[i] = pull;
  }
  if (slopes) std::copy(prior.precision.begin(), prior.precision.end(), hessian.begin());
  for (std::size_t row = 0; row < task.y.size(); ++row) {
    const LossTerms terms = baselines::loss_terms(loss, task.output(row, w), task.y[row]);
    sum += terms.value / prior.dispersion;
    if (!slopes) continue;
    const double slope = terms.slope / prior.dispersion, curvature = terms.curvature / prior.dispersion;
    const double* x = task.x.data() + row * task.inputs;
    for (std::size_t i = 0; i < n; ++i) {
      const double xi = i == task.inputs ? 1.0 : x[i];
      gradient[i] += slope * xi;
      const double scaled = curvature * xi;
      for (std::size_t j = 0; j < i; ++j) hessian[i * n + j] += scaled * x[j];
      hessian[i * n + i] += scaled * xi;
    }
  }
  return sum;
}

struct Mode {
  std::vector<double> at, hessian;
};

/// Newton's method with halved steps; the function is strictly convex.
Mode posterior_mode(const Loss& loss, const Task& task, const Prior& prior, std::vector<double> at) {
  const std::size_t n = at.size();
  std::vector<double> gradient(n), hessian(n * n), step, next(n);
  double value = negative_posterior(loss, task, prior, at, gradient, hessian);
  for (int i = 0; i < most_steps; ++i) {
    step = gradient;
    const Cholesky factor(hessian, n);
    if (!factor.good()) break;
    factor.solve(step);
    double decrement = 0.0;
    for (std::size_t k = 0; k < n; ++k) decrement += step[k] * gradient[k];
    if (!(decrement > 1e-18)) break;
    double share = 1.0;
    for (; share > 1e-10; share *= 0.5) {
      for (std::size_t k = 0; k < n; ++k) next[k] = at[k] - share * step[k];
      if (negative_posterior(loss, task, prior, next, {}, {}) <= value + 1e-13 * std::fabs(value)) break;
    }
    if (share <= 1e-10) break;
    at = next;
    value = negative_posterior(loss, task, prior, at, gradient, hessian);
  }
  return {std::move(at), std::move(hessian)};
}

std::vector<double> inverse_of(std::span<const double> matrix, std::size_t n) {
  const Cholesky factor(matrix, n);
  if (!factor.good()) throw NumericError("empirical-bayes: a covariance is singular");
  return factor.inverse();
}

void require_known(const Loss& loss, const TaskColumns& columns) {
  if (!has_heterogeneity(loss.kind, columns))
    throw InvalidArgument("empirical-bayes: it is for losses bce, mse and qlike with one target, not for " +
                          std::string(to_string(loss.kind)) + (columns.targets > 1 ? " with several" : ""));
}

}  // namespace

CoefficientPrior fit_coefficient_prior(const Loss& loss, const TaskColumns& columns,
                                       const TaskSet<double>& rows, const LinearModel& start,
                                       double dispersion) {
  require_known(loss, columns);
  std::vector<Task> tasks;
  for (std::int64_t t = 0; t + 1 < std::ssize(rows.row_starts); ++t)
    if (rows.rows(t) > 0) tasks.push_back(task_of(columns, rows, t));
  if (tasks.size() < 2)
    throw DataError("empirical-bayes: there is " + std::to_string(tasks.size()) +
                    " meta-train task with rows; a prior needs two");
  const auto n = static_cast<std::size_t>(columns.inputs) + 1;
  const auto count = static_cast<double>(tasks.size());
  CoefficientPrior prior{columns.inputs, start.coefficients, std::vector<double>(n * n, 0.0), dispersion, 0};
  for (std::size_t i = 0; i < n; ++i) prior.covariance[i * n + i] = first_variance;
  std::vector<std::vector<double>> at(tasks.size(), prior.mean);
  bool moves = true;
  for (; moves && prior.iterations < most_iterations; ++prior.iterations) {
    const Prior now{prior.mean, inverse_of(prior.covariance, n), dispersion};
    std::vector<double> mean(n, 0.0), covariance(n * n, 0.0);
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      Mode mode = posterior_mode(loss, tasks[t], now, std::move(at[t]));
      const std::vector<double> spread = inverse_of(mode.hessian, n);
      for (std::size_t i = 0; i < n; ++i) mean[i] += mode.at[i] / count;
      for (std::size_t i = 0; i < n * n; ++i) covariance[i] += spread[i] / count;
      at[t] = std::move(mode.at);
    }
    for (const std::vector<double>& w : at)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          covariance[i * n + j] += (w[i] - mean[i]) * (w[j] - mean[j]) / count;
    double change = 0.0, size = 0.0;
    for (std::size_t i = 0; i < n * n; ++i) {
      change += (covariance[i] - prior.covariance[i]) * (covariance[i] - prior.covariance[i]);
      size += covariance[i] * covariance[i];
    }
    for (std::size_t i = 0; i < n; ++i) covariance[i * n + i] += least_variance;
    moves = change > settled * settled * size;
    prior.mean = std::move(mean);
    prior.covariance = std::move(covariance);
  }
  return prior;
}

std::vector<double> posterior_coefficients(const CoefficientPrior& prior, const Loss& loss,
                                           const TaskColumns& columns, const TaskSet<double>& rows,
                                           std::int64_t task) {
  require_known(loss, columns);
  if (rows.rows(task) == 0) return prior.mean;
  const Prior given{prior.mean, inverse_of(prior.covariance, prior.mean.size()), prior.dispersion};
  return posterior_mode(loss, task_of(columns, rows, task), given, prior.mean).at;
}

}  // namespace shoal
