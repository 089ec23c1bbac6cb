// SPDX-License-Identifier: Apache-2.0
#include <shoal/algorithm.hpp>

#include <algorithm>
#include <cmath>

#include "core/inner_plan.hpp"
#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<LearnedRate, std::string_view> rate_names[] = {{LearnedRate::none, "none"},
                                                                   {LearnedRate::layer, "layer"},
                                                                   {LearnedRate::layer_step, "layer-step"},
                                                                   {LearnedRate::parameter, "parameter"}};

// Index in the variant, name. The order is that of Algorithm.
constexpr std::string_view algorithm_names[] = {"maml", "fomaml",   "reptile", "anil",
                                                "boil", "meta-sgd", "pooled"};
static_assert(std::size(algorithm_names) == std::variant_size_v<Algorithm>);

template <std::size_t index = 0>
Algorithm make_at(std::size_t wanted, const InnerLoop& inner) {
  if constexpr (index + 1 < std::variant_size_v<Algorithm>)
    if (index != wanted) return make_at<index + 1>(wanted, inner);
  return std::variant_alternative_t<index, Algorithm>{inner};
}

}  // namespace

std::string_view to_string(LearnedRate rate) {
  return name_in<LearnedRate>(rate_names, rate);
}
LearnedRate learned_rate_from_string(std::string_view name) {
  return value_in<LearnedRate>(rate_names, "learned rate", name);
}

std::string_view name_of(const Algorithm& algorithm) {
  return algorithm_names[algorithm.index()];
}

const InnerLoop& inner_loop_of(const Algorithm& algorithm) {
  return std::visit([](const auto& a) -> const InnerLoop& { return a.inner; }, algorithm);
}

Algorithm make_algorithm(std::string_view name, const InnerLoop& inner) {
  std::string known;
  for (std::size_t i = 0; i < std::size(algorithm_names); ++i) {
    if (algorithm_names[i] == name) return make_at(i, inner);
    known += (known.empty() ? "" : ", ") + std::string(algorithm_names[i]);
  }
  throw InvalidArgument("unknown algorithm \"" + std::string(name) + "\"; known: " + known);
}

void validate(const Algorithm& algorithm) {
  const InnerLoop& inner = inner_loop_of(algorithm);
  const std::string name(name_of(algorithm));
  if (inner.steps < 0)
    throw InvalidArgument(name + ": inner_steps must be at least 0, is " + std::to_string(inner.steps));
  if (!std::isfinite(inner.learning_rate)) throw InvalidArgument(name + ": inner_lr must be finite");
  if (!(inner.max_move >= 0.0) || !std::isfinite(inner.max_move))
    throw InvalidArgument(name + ": max_move must be at least 0 (0 = off) and finite");
  if (!inner.step_weights.empty()) {
    if (std::holds_alternative<Reptile>(algorithm) || std::holds_alternative<Pooled>(algorithm))
      throw InvalidArgument(name + ": has no query loss along the inner loop, so no step_weights");
    if (inner.step_weights.size() != static_cast<std::size_t>(inner.steps))
      throw InvalidArgument(name + ": " + std::to_string(inner.step_weights.size()) + " step_weights for " +
                            std::to_string(inner.steps) + " inner steps");
    double sum = 0.0;
    for (const double weight : inner.step_weights) {
      if (!std::isfinite(weight)) throw InvalidArgument(name + ": step_weights must be finite");
      sum += weight;
    }
    if (std::abs(sum - 1.0) > 1e-6)
      throw InvalidArgument(name + ": step_weights must sum to 1, they sum to " + std::to_string(sum));
  }
  const bool learns = std::holds_alternative<Maml>(algorithm) || std::holds_alternative<Anil>(algorithm) ||
                      std::holds_alternative<Boil>(algorithm) || std::holds_alternative<MetaSgd>(algorithm);
  if (inner.learned_rate != LearnedRate::none && !learns)
    throw InvalidArgument(name + ": has no exact gradient for learned rates; learned_lr must be \"none\"");
  if (std::holds_alternative<MetaSgd>(algorithm) && inner.learned_rate != LearnedRate::none &&
      inner.learned_rate != LearnedRate::parameter)
    throw InvalidArgument("meta-sgd: learns a rate for every parameter; learned_lr cannot be \"" +
                          std::string(to_string(inner.learned_rate)) + "\"");
}

InnerPlan make_plan(const InnerLoop& inner, OuterRule rule, const ParameterLayout& layout) {
  InnerPlan plan;
  plan.steps = inner.steps;
  plan.rule = rule;
  plan.learning_rate = inner.learning_rate;
  plan.learned_rate = inner.learned_rate;
  plan.rate_steps = inner.learned_rate == LearnedRate::layer_step ? std::max(inner.steps, 1) : 1;
  plan.adapts.assign(layout.tensors().size(), 1);
  plan.step_weights = inner.step_weights;
  plan.max_move = inner.max_move;
  return plan;
}

LoweredAlgorithm lower(const Algorithm& algorithm, const ParameterLayout& layout) {
  return std::visit([&](const auto& a) { return lower(a, layout); }, algorithm);
}

InnerPlan with_steps(InnerPlan plan, int steps) {
  plan.steps = steps;
  plan.step_weights.clear();
  return plan;
}

}  // namespace shoal
