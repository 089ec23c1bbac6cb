// SPDX-License-Identifier: Apache-2.0
// GradientSum: the sum over tasks that a meta-gradient is the mean of, in a form that chunks, threads and
// ranks may add to in any order. float: exact integers (contract N3). double (reference): plain sums, so
// there the order is fixed instead: the learner passes tasks in ascending order of id, chunk after chunk, and
// the backend adds one task after another onto the sum it is given.
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
