// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// One model for all tasks, trained on support and query rows together. Only evaluation has an inner loop
// (fine-tuning).
LoweredAlgorithm lower(const Pooled& pooled, const ParameterLayout& layout) {
  InnerPlan plan = make_plan(pooled, OuterRule::exact, layout);
  plan.steps = 0;
  return {.training = std::move(plan), .rows = TrainingRows::joined};
}

}  // namespace shoal
