// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Li, Zhou, Chen and Li 2017: every parameter has a learned rate of either sign.
LoweredAlgorithm lower(const MetaSgd& meta_sgd, const ParameterLayout& layout) {
  return {.training = make_plan(meta_sgd, OuterRule::exact, layout)};
}

}  // namespace shoal
