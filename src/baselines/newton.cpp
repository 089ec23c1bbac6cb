// SPDX-License-Identifier: Apache-2.0
#include "baselines/newton.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include <shoal/error.hpp>

#include "baselines/cholesky.hpp"

namespace shoal::baselines {
namespace {

constexpr int most_iterations = 200;
constexpr int polish = 2;              // steps after the tolerance is met: Newton squares the error
constexpr double least_pivot = 1e-11;  // of a diagonal, below which a Hessian counts as singular
constexpr double ridge_share = 1e-9;   // of the mean diagonal

double largest(std::span<const double> values) {
  double most = 0.0;
  for (const double value : values) {
    if (std::isnan(value)) return value;
    most = std::max(most, std::fabs(value));
  }
  return most;
}

class Descent {
 public:
  Descent(const Objective& objective, std::vector<double> start, double ridge)
      : objective_(objective),
        n_(start.size()),
        at_(std::move(start)),
        gradient_(n_),
        hessian_(n_ * n_),
        ridge_(ridge) {}

  /// Nothing when the Hessian is singular, or when there is no end of the descent.
  std::optional<Minimum> run(double tolerance) {
    double value = evaluate();
    int left = polish;
    for (int i = 0; i < most_iterations; ++i) {
      const double steepness = largest(gradient_);
      const bool met = steepness <= tolerance;
      if (met && (left-- == 0 || steepness == 0.0)) return Minimum{at_, steepness, ridge_, i};
      const Cholesky factor(hessian_, n_, ridge_ > 0.0 ? 0.0 : least_pivot);
      if (!factor.good()) {
        if (met) return Minimum{at_, steepness, ridge_, i};
        return std::nullopt;
      }
      std::vector<double> step = gradient_;
      factor.solve(step);
      const std::vector<double> before = at_, gradient_before = gradient_;
      const double next = walk(step, value);
      if (met && !(largest(gradient_) <= steepness)) return Minimum{before, steepness, ridge_, i};
      if (!std::isfinite(next)) return std::nullopt;
      value = next;
    }
    return std::nullopt;
  }

 private:
  double evaluate() {
    double value = objective_(at_, gradient_, hessian_);
    for (std::size_t i = 0; i < n_; ++i) {
      value += 0.5 * ridge_ * at_[i] * at_[i];
      gradient_[i] += ridge_ * at_[i];
      hessian_[i * n_ + i] += ridge_;
    }
    return value;
  }

  double value_at(std::span<const double> at) const {
    double value = objective_(at, {}, {});
    for (const double w : at) value += 0.5 * ridge_ * w * w;
    return value;
  }

  /// Goes the step, or as much of it as does not lead up. NaN when no part of it does.
  double walk(const std::vector<double>& step, double value) {
    const std::vector<double> from = at_;
    for (double share = 1.0; share > 1e-12; share *= 0.5) {
      for (std::size_t i = 0; i < n_; ++i) at_[i] = from[i] - share * step[i];
      const double next = value_at(at_);
      if (next <= value + 1e-13 * (1.0 + std::fabs(value))) return evaluate();
    }
    at_ = from;
    return NAN;
  }

  const Objective& objective_;
  std::size_t n_;
  std::vector<double> at_, gradient_, hessian_;
  double ridge_;
};

}  // namespace

Minimum minimise(const Objective& objective, const std::vector<double>& start, double tolerance) {
  if (auto minimum = Descent(objective, start, 0.0).run(tolerance)) return std::move(*minimum);
  std::vector<double> gradient(start.size()), hessian(start.size() * start.size());
  objective(start, gradient, hessian);
  double diagonal = 0.0;
  for (std::size_t i = 0; i < start.size(); ++i) diagonal += hessian[i * start.size() + i];
  const double ridge = ridge_share * std::max(diagonal / static_cast<double>(start.size()), 1e-3);
  if (auto minimum = Descent(objective, start, ridge).run(tolerance)) return std::move(*minimum);
  char bound[32];
  std::snprintf(bound, sizeof bound, "%.0e", tolerance);
  throw NumericError("linear: Newton's method did not reach a gradient of " + std::string(bound) + " in " +
                     std::to_string(most_iterations) + " steps; are the features on very different scales?");
}

}  // namespace shoal::baselines
