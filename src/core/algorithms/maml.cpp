// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Finn, Abbeel and Levine 2017. With learned rates and step weights: Antoniou, Edwards and Storkey 2019
// (MAML++).
LoweredAlgorithm lower(const Maml& maml, const ParameterLayout& layout) {
  return {.training = make_plan(maml, OuterRule::exact, layout)};
}

}  // namespace shoal
