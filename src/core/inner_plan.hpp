// SPDX-License-Identifier: Apache-2.0
// InnerPlan: what an algorithm asks of a backend, in the few terms that every backend understands.
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
  double learning_rate = 0.01;  ///< alpha where no rate is learned
  LearnedRate learned_rate = LearnedRate::none;
  int rate_steps = 1;                ///< leading axis of layer_step rates; later steps use the last
  std::vector<std::uint8_t> adapts;  ///< [tensors] 1 where the inner loop may move the tensor
  std::vector<double> step_weights;  ///< [K], w_1 .. w_K; empty = only the last counts
  double max_move = 0.0;             ///< 0 = off
};

/// Whether a task's training set is support and query together with no adaptation (pooled).
enum class TrainingRows { support_then_query, joined };

struct LoweredAlgorithm {
  InnerPlan training;
  TrainingRows rows = TrainingRows::support_then_query;
};

/// The plan of an algorithm whose inner loop moves every tensor; lower() starts from it.
InnerPlan make_plan(const Algorithm& algorithm, OuterRule rule, const ParameterLayout& layout);

/// One function per algorithm file in src/core/algorithms/.
LoweredAlgorithm lower(const Maml&, const ParameterLayout&);
LoweredAlgorithm lower(const Fomaml&, const ParameterLayout&);
LoweredAlgorithm lower(const Reptile&, const ParameterLayout&);
LoweredAlgorithm lower(const Anil&, const ParameterLayout&);
LoweredAlgorithm lower(const Boil&, const ParameterLayout&);
LoweredAlgorithm lower(const MetaSgd&, const ParameterLayout&);
LoweredAlgorithm lower(const Pooled&, const ParameterLayout&);
LoweredAlgorithm lower(const Algorithm& algorithm, const ParameterLayout& layout);
/// The same inner loop with another number of steps, for meta-testing.
InnerPlan with_steps(InnerPlan plan, int steps);

}  // namespace shoal
