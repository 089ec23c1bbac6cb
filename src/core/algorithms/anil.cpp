// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Raghu, Raghu, Bengio and Vinyals 2020 (almost no inner loop): only the head adapts; the outer loop updates
// all of theta.
LoweredAlgorithm lower(const Anil& anil, const ParameterLayout& layout) {
  InnerPlan plan = make_plan(anil, OuterRule::exact, layout);
  for (std::size_t t = 0; t < plan.adapts.size(); ++t) plan.adapts[t] = layout.in_head(layout.tensors()[t]);
  return {.training = std::move(plan)};
}

}  // namespace shoal
