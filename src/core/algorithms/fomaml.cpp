// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Finn et al. 2017, section 5.2: the outer gradient treats the updates of the inner loop as constants.
LoweredAlgorithm lower(const Fomaml& fomaml, const ParameterLayout& layout) {
  return {.training = make_plan(fomaml, OuterRule::first_order, layout)};
}

}  // namespace shoal
