// SPDX-License-Identifier: Apache-2.0
// The update of one parameter by the outer optimizer (include/shoal/optimizer.hpp: PyTorch's rules), in one
// source for the host and for the kernel that updates on the device.
#pragma once

#include <shoal/kinds.hpp>

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

SHOAL_HD constexpr bool keeps_first(OptimizerKind kind) {
  return kind != OptimizerKind::sgd;
}
SHOAL_HD constexpr bool keeps_second(OptimizerKind kind) {
  return kind == OptimizerKind::adam || kind == OptimizerKind::adamw;
}

/// The scalars of one update, computed once in double and rounded once to Real.
template <class Real>
struct UpdateScalars {
  OptimizerKind kind = OptimizerKind::adam;
  Real rate = 0, beta1 = 0, beta2 = 0, one_minus_beta1 = 0, one_minus_beta2 = 0, epsilon = 0,
       weight_decay = 0, decay = 0, momentum = 0, root_correction2 = 0;
  double clip = 0.0;  ///< 0 = off
};

SHOAL_HD double sqrt(double a) {
  return __builtin_sqrt(a);
}

/// Updates theta, the momentum buffer or Adam's m (first), and Adam's v (second) by gradient g. State that
/// the rule does not have is not touched.
template <class Real>
SHOAL_HD void update_parameter(const UpdateScalars<Real>& s, Real g, Real& theta, Real& first, Real& second) {
  switch (s.kind) {
    case OptimizerKind::sgd:
      g = g + s.weight_decay * theta;
      theta = theta - s.rate * g;
      break;
    case OptimizerKind::momentum:
      g = g + s.weight_decay * theta;
      first = s.momentum * first + g;  // starts at zero: the first update is g
      theta = theta - s.rate * first;
      break;
    case OptimizerKind::adam:
    case OptimizerKind::adamw: {
      if (s.kind == OptimizerKind::adam)
        g = g + s.weight_decay * theta;
      else
        theta = theta * s.decay;
      first = s.beta1 * first + s.one_minus_beta1 * g;
      second = s.beta2 * second + s.one_minus_beta2 * (g * g);
      const Real denominator = sqrt(second) / s.root_correction2 + s.epsilon;
      theta = theta - s.rate * (first / denominator);
      break;
    }
  }
}

}  // namespace shoal::kernels
