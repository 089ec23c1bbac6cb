// SPDX-License-Identifier: Apache-2.0
// InnerPlan: describes an algorithm to a backend, in the same few terms for all algorithms.
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/algorithm.hpp>
#include <shoal/kinds.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/model.hpp>

namespace shoal {

struct InnerPlan {
  int steps = 1;  ///< K
  OuterRule rule = OuterRule::exact;
  double learning_rate = 0.01;  ///< alpha when no rate is learned
  LearnedRate learned_rate = LearnedRate::none;
  int rate_steps = 1;  ///< length of the first axis of layer_step rates; later steps use the last entry
  std::vector<std::uint8_t> adapts;  ///< [tensors] 1 when the inner loop may change the tensor
  std::vector<double> step_weights;  ///< [K] w_1 .. w_K; empty = only the last step counts
  double max_move = 0.0;             ///< 0 = off
};

/// How a task's rows are used in training. `joined`: support and query together, without adaptation (pooled).
enum class TrainingRows { support_then_query, joined };

struct LoweredAlgorithm {
  InnerPlan training;
  TrainingRows rows = TrainingRows::support_then_query;
};

/// The plan of an algorithm whose inner loop changes every tensor. Each lower() starts from it.
InnerPlan make_plan(const Algorithm& algorithm, OuterRule rule, const ParameterLayout& layout);

/// Each is implemented by the algorithm's own file in src/core/algorithms.
LoweredAlgorithm lower(const Maml&, const ParameterLayout&);
LoweredAlgorithm lower(const Fomaml&, const ParameterLayout&);
LoweredAlgorithm lower(const Reptile&, const ParameterLayout&);
LoweredAlgorithm lower(const Anil&, const ParameterLayout&);
LoweredAlgorithm lower(const Boil&, const ParameterLayout&);
LoweredAlgorithm lower(const MetaSgd&, const ParameterLayout&);
LoweredAlgorithm lower(const Pooled&, const ParameterLayout&);
LoweredAlgorithm lower(const Algorithm& algorithm, const ParameterLayout& layout);
/// Returns the same inner loop with another number of steps, for adaptation and evaluation.
InnerPlan with_steps(InnerPlan plan, int steps);

}  // namespace shoal
