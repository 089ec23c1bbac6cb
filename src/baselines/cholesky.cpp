// SPDX-License-Identifier: Apache-2.0
#include "baselines/cholesky.hpp"

#include <cmath>

namespace shoal::baselines {

Cholesky::Cholesky(std::span<const double> matrix, std::size_t n, double least)
    : n_(n), lower_(matrix.begin(), matrix.end()) {
  for (std::size_t j = 0; j < n; ++j) {
    const double diagonal = at(j, j);
    double pivot = diagonal;
    for (std::size_t k = 0; k < j; ++k) pivot -= at(j, k) * at(j, k);
    if (!(pivot > least * std::fabs(diagonal))) {
      good_ = false;
      return;
    }
    const double root = std::sqrt(pivot);
    at(j, j) = root;
    for (std::size_t i = j + 1; i < n; ++i) {
      double sum = at(i, j);
      for (std::size_t k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
      at(i, j) = sum / root;
    }
  }
}

void Cholesky::solve(std::span<double> b) const {
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= at(i, k) * b[k];
    b[i] /= at(i, i);
  }
  for (std::size_t i = n_; i-- > 0;) {
    for (std::size_t k = i + 1; k < n_; ++k) b[i] -= at(k, i) * b[k];
    b[i] /= at(i, i);
  }
}

std::vector<double> Cholesky::inverse() const {
  std::vector<double> result(n_ * n_), column(n_);
  for (std::size_t j = 0; j < n_; ++j) {
    column.assign(n_, 0.0);
    column[j] = 1.0;
    solve(column);
    for (std::size_t i = 0; i < n_; ++i) result[i * n_ + j] = column[i];
  }
  return result;
}

}  // namespace shoal::baselines
