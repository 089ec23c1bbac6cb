// SPDX-License-Identifier: Apache-2.0
// Cholesky: a symmetric positive definite matrix as L L', to solve with and to invert. For the small dense
// matrices of linear models.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace shoal::baselines {

class Cholesky {
 public:
  /// `matrix` [n, n], of which the lower triangle counts. Not `good` when a pivot is at most `least` times
  /// the diagonal that it came from: the matrix is singular, or nearly so.
  Cholesky(std::span<const double> matrix, std::size_t n, double least = 0.0);

  bool good() const { return good_; }
  /// The solution for one right side [n], in place.
  void solve(std::span<double> b) const;
  std::vector<double> inverse() const;  ///< [n, n]

 private:
  double& at(std::size_t i, std::size_t j) { return lower_[i * n_ + j]; }
  double at(std::size_t i, std::size_t j) const { return lower_[i * n_ + j]; }

  std::size_t n_;
  std::vector<double> lower_;
  bool good_ = true;
};

}  // namespace shoal::baselines
