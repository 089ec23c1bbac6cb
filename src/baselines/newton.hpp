// SPDX-License-Identifier: Apache-2.0
// Newton's method for a convex function of a few parameters.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace shoal::baselines {

/// The value at `at`. Where they are not empty, fills the gradient [n] and the lower triangle of the Hessian
/// [n, n]. A value that is not finite says that `at` is out of reach.
using Objective =
    std::function<double(std::span<const double> at, std::span<double> gradient, std::span<double> hessian)>;

struct Minimum {
  std::vector<double> at;
  double gradient = 0.0;  ///< largest partial derivative, by its size
  double ridge = 0.0;     ///< r of the penalty r |at|^2 / 2 that a singular Hessian made necessary; 0: none
  int iterations = 0;
};

/// Minimises from `start` until no partial derivative is above `tolerance`. Where the Hessian is singular it
/// begins again with a ridge of 1e-9 times the mean of the Hessian's diagonal. Throws NumericError when that
/// does not converge either.
Minimum minimise(const Objective& objective, const std::vector<double>& start, double tolerance);

}  // namespace shoal::baselines
