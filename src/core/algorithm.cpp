// SPDX-License-Identifier: Apache-2.0
#include <shoal/algorithm.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/inner_plan.hpp"
#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<LearnedRate, std::string_view> rate_names[] = {{LearnedRate::none, "none"},
                                                                   {LearnedRate::layer, "layer"},
                                                                   {LearnedRate::layer_step, "layer-step"},
                                                                   {LearnedRate::parameter, "parameter"}};

template <class A>
concept LearnsRates = requires(A algorithm) {
  algorithm.learned_rate;
};
template <class A>
concept WeighsSteps = requires(A algorithm) {
  algorithm.step_weights;
};

template <class A>
A made_of(const AlgorithmOptions& options) {
  A algorithm{.inner = {options.steps, options.learning_rate, options.max_move}};
  const std::string name(A::name);
  if constexpr (WeighsSteps<A>)
    algorithm.step_weights = options.step_weights;
  else if (!options.step_weights.empty())
    throw InvalidArgument(name + ": has no query loss along the inner loop, so no step_weights");
  const LearnedRate rate = options.learned_rate;
  if constexpr (LearnsRates<A>) {
    algorithm.learned_rate = rate;
  } else if (std::is_same_v<A, MetaSgd>) {
    if (rate != LearnedRate::none && rate != LearnedRate::parameter)
      throw InvalidArgument(name + ": learns a rate for every parameter; learned_lr cannot be \"" +
                            std::string(to_string(rate)) + "\"");
  } else if (rate != LearnedRate::none) {
    throw InvalidArgument(name + ": has no exact gradient for learned rates; learned_lr must be \"none\"");
  }
  return algorithm;
}

/// Calls use.operator()<A>() for every algorithm A, in the order of the variant.
template <class... As, class Use>
void for_algorithms(const std::variant<As...>*, Use use) {
  (use.template operator()<As>(), ...);
}
template <class Use>
void for_algorithms(Use use) {
  for_algorithms(static_cast<const Algorithm*>(nullptr), use);
}

void validate_step_weights(const std::string& name, int steps, const std::vector<double>& weights) {
  if (weights.empty()) return;
  if (weights.size() != static_cast<std::size_t>(steps))
    throw InvalidArgument(name + ": " + std::to_string(weights.size()) + " step_weights for " +
                          std::to_string(steps) + " inner steps");
  double sum = 0.0;
  for (const double weight : weights) {
    if (!std::isfinite(weight)) throw InvalidArgument(name + ": step_weights must be finite");
    sum += weight;
  }
  if (std::abs(sum - 1.0) > 1e-6)
    throw InvalidArgument(name + ": step_weights must sum to 1, they sum to " + std::to_string(sum));
}

}  // namespace

std::string_view to_string(LearnedRate rate) {
  return name_in<LearnedRate>(rate_names, rate);
}
LearnedRate learned_rate_from_string(std::string_view name) {
  return value_in<LearnedRate>(rate_names, "learned rate", name);
}

std::vector<std::string_view> algorithm_names() {
  std::vector<std::string_view> names;
  for_algorithms([&]<class A>() { names.push_back(A::name); });
  return names;
}

std::string_view name_of(const Algorithm& algorithm) {
  return std::visit([](const auto& a) { return a.name; }, algorithm);
}

const InnerLoop& inner_loop_of(const Algorithm& algorithm) {
  return std::visit([](const auto& a) -> const InnerLoop& { return a.inner; }, algorithm);
}

LearnedRate learned_rate_of(const Algorithm& algorithm) {
  if (std::holds_alternative<MetaSgd>(algorithm)) return LearnedRate::parameter;
  return options_of(algorithm).learned_rate;
}

Algorithm make_algorithm(std::string_view name, const AlgorithmOptions& options) {
  std::optional<Algorithm> algorithm;
  std::string known;
  for_algorithms([&]<class A>() {
    if (A::name == name) algorithm = made_of<A>(options);
    known += (known.empty() ? "" : ", ") + std::string(A::name);
  });
  if (!algorithm) throw InvalidArgument("unknown algorithm \"" + std::string(name) + "\"; known: " + known);
  return *std::move(algorithm);
}

AlgorithmOptions options_of(const Algorithm& algorithm) {
  const InnerLoop& inner = inner_loop_of(algorithm);
  AlgorithmOptions options{
      .steps = inner.steps, .learning_rate = inner.learning_rate, .max_move = inner.max_move};
  const auto add = [&]<class A>(const A& own) {
    if constexpr (LearnsRates<A>) options.learned_rate = own.learned_rate;
    if constexpr (WeighsSteps<A>) options.step_weights = own.step_weights;
  };
  std::visit(add, algorithm);
  return options;
}

void validate(const Algorithm& algorithm) {
  const AlgorithmOptions options = options_of(algorithm);
  const std::string name(name_of(algorithm));
  if (options.steps < 0)
    throw InvalidArgument(name + ": inner_steps must be at least 0, is " + std::to_string(options.steps));
  if (!std::isfinite(options.learning_rate)) throw InvalidArgument(name + ": inner_lr must be finite");
  if (!(options.max_move >= 0.0) || !std::isfinite(options.max_move))
    throw InvalidArgument(name + ": max_move must be at least 0 (0 = off) and finite");
  validate_step_weights(name, options.steps, options.step_weights);
  if (to_string(options.learned_rate) == "unknown")
    throw InvalidArgument(name + ": learned_lr is no enumerator");
}

InnerPlan make_plan(const Algorithm& algorithm, OuterRule rule, const ParameterLayout& layout) {
  AlgorithmOptions options = options_of(algorithm);
  InnerPlan plan;
  plan.steps = options.steps;
  plan.rule = rule;
  plan.learning_rate = options.learning_rate;
  plan.learned_rate = learned_rate_of(algorithm);
  plan.rate_steps = plan.learned_rate == LearnedRate::layer_step ? std::max(options.steps, 1) : 1;
  plan.adapts.assign(layout.tensors().size(), 1);
  plan.step_weights = std::move(options.step_weights);
  plan.max_move = options.max_move;
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
