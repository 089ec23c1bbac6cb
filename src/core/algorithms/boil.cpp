// SPDX-License-Identifier: Apache-2.0
#include "core/inner_plan.hpp"

namespace shoal {

// Oh, Yoo, Kim and Yun 2021 (body only update in inner loop): everything but the head adapts; the outer loop
// updates all of theta.
LoweredAlgorithm lower(const Boil& boil, const ParameterLayout& layout) {
  InnerPlan plan = make_plan(boil, OuterRule::exact, layout);
  for (std::size_t t = 0; t < plan.adapts.size(); ++t) plan.adapts[t] = !layout.in_head(layout.tensors()[t]);
  return {.training = std::move(plan)};
}

}  // namespace shoal
