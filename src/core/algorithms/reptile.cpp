// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Nichol, Achiam and Schulman 2018: theta moves towards the adapted weights. Training computes the query loss
// only to report it.
LoweredAlgorithm lower(const Reptile& reptile, const ParameterLayout& layout) {
  return {.training = make_plan(reptile, OuterRule::parameter_move, layout)};
}

}  // namespace shoal
