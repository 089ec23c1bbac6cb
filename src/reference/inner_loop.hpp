// SPDX-License-Identifier: Apache-2.0
// The inner loop phi_{k+1} = phi_k - m o alpha_k o grad L_support(phi_k), m = 1 where a tensor adapts.
#pragma once

#include "core/inner_plan.hpp"
#include "reference/network.hpp"

namespace shoal::reference {

/// Index of the learned rate that scales parameter p (of tensor `tensor`) at step k.
inline std::size_t rate_index(const InnerPlan& plan, const TensorSpec& tensor, std::size_t p, int k) {
  const auto layer = static_cast<std::size_t>(tensor.layer),
             steps = static_cast<std::size_t>(plan.rate_steps);
  const auto step = static_cast<std::size_t>(k < plan.rate_steps ? k : plan.rate_steps - 1);
  switch (plan.learned_rate) {
    case LearnedRate::layer:
      return layer;
    case LearnedRate::layer_step:
      return layer * steps + step;
    default:
      return p;
  }
}

/// alpha of every parameter at step k, zero where the tensor does not adapt.
template <class T>
std::vector<T> rates_at(const Network& net, const InnerPlan& plan, std::span<const T> rates, int k) {
  std::vector<T> alpha(net.layout.size(), T(0.0));
  for (std::size_t t = 0; t < net.layout.tensors().size(); ++t) {
    const TensorSpec& tensor = net.layout.tensors()[t];
    for (std::size_t p = tensor.offset; p < tensor.offset + tensor.size && plan.adapts[t]; ++p)
      alpha[p] = plan.learned_rate == LearnedRate::none ? T(plan.learning_rate)
                                                        : rates[rate_index(plan, tensor, p, k)];
  }
  return alpha;
}

/// phi - alpha o g, elementwise.
template <class T>
std::vector<T> inner_step(std::span<const T> phi, std::span<const T> alpha, std::span<const T> gradient) {
  std::vector<T> next(phi.begin(), phi.end());
  for (std::size_t p = 0; p < next.size(); ++p) next[p] -= alpha[p] * gradient[p];
  return next;
}

}  // namespace shoal::reference
