// SPDX-License-Identifier: Apache-2.0
// How far the trajectory of a task stays from the kinks of its network and loss. Near a kink, a rounding
// error of fp32 decides on which side a value is, so that comparing gradients makes no sense.
#pragma once

#include "support/random_case.hpp"

namespace shoal::testing {

struct TrajectoryMargin {
  double kink = 1e300;     ///< smallest distance of any pre-activation, residual or threshold to its kink
  double magnitude = 0.0;  ///< largest |phi|
};

/// Along the reference trajectory of the one task in `tasks`: support rows at phi_0 .. phi_{K-1}, query rows
/// at phi_0 .. phi_K. Written from the definitions, in double.
TrajectoryMargin margin_of(const RandomCase& c, const TaskBatch64& task, const MetaLearner64& reference);

}  // namespace shoal::testing
