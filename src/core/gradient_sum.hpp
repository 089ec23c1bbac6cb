// SPDX-License-Identifier: Apache-2.0
// GradientSum: the sum over tasks from which the mean of a meta-gradient is computed. float: exact integers,
// to which chunks, threads and ranks may add in any order (contract N3). double (reference): ordinary sums,
// so the order is fixed: the learner passes tasks in ascending order of id, chunk after chunk, and the
// backend adds one task after another to the sum.
#pragma once

#include <cstdint>
#include <vector>

#include "core/exact_sum.hpp"

namespace shoal {

template <class Real>
struct GradientSum;

template <>
struct GradientSum<float> {
  ExactSum theta, rates;  ///< [P], [R]
  ExactSum losses{2};     ///< query loss before, after
  std::int64_t good = 0;
};

template <>
struct GradientSum<double> {
  std::vector<double> theta, rates;
  double loss_before = 0.0, loss_after = 0.0;
  std::int64_t good = 0;
};

}  // namespace shoal
