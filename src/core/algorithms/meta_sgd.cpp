// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Li, Zhou, Chen and Li 2017: a learned rate, of either sign, for every parameter.
LoweredAlgorithm lower(const MetaSgd& meta_sgd, const ParameterLayout& layout) {
  InnerPlan plan = make_plan(meta_sgd.inner, OuterRule::exact, layout);
  plan.learned_rate = LearnedRate::parameter;
  return {.training = std::move(plan)};
}

}  // namespace shoal
