// SPDX-License-Identifier: Apache-2.0
// Random meta-learning problems over every algorithm, loss and activation, in float; the reference gets the
// same numbers widened.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <shoal/meta_learner.hpp>

#include "support/draws.hpp"

namespace shoal::testing {

struct CaseLimits {
  int most_tasks = 40, most_rows = 12, most_inputs = 5, most_width = 9, most_depth = 3, most_steps = 3;
  int least_tasks = 1, least_rows = 1, least_inputs = 1, least_width = 1, least_depth = 0, least_steps = 0;
  bool empty_support = true;
  std::vector<int> hidden = {};  ///< the hidden widths; empty: drawn
};

/// A problem with its data and parameters.
struct RandomCase {
  std::string algorithm_name;  ///< of algorithm_names()
  ModelSpec model;
  Loss loss;
  Algorithm algorithm;
  TaskBatch tasks;
  MetaParameters<float> parameters;

  std::string describe() const;
};

/// The names that a sweep covers: all algorithms; "maml-layer", "maml-layer-step" and "maml-multi-step" are
/// MAML with options.
const std::vector<std::string>& algorithm_names();
/// The algorithm of such a name.
Algorithm named_algorithm(const std::string& name, AlgorithmOptions options);

RandomCase random_case(std::mt19937_64& random, const std::string& algorithm, LossKind loss,
                       Activation activation, const CaseLimits& limits = {});
/// A random case of any algorithm.
RandomCase random_case(std::mt19937_64& random, const CaseLimits& limits = {});

template <class Real>
BasicMetaLearner<Real> learner_for(const Context& context, const RandomCase& c, std::int64_t chunk = 0) {
  BasicMetaLearner<Real> learner(context, {.model = c.model,
                                           .loss = c.loss,
                                           .algorithm = c.algorithm,
                                           .optimizer = {},
                                           .init = {},
                                           .chunk = chunk});
  MetaParameters<Real> parameters;
  parameters.theta.assign(c.parameters.theta.begin(), c.parameters.theta.end());
  parameters.rates.assign(c.parameters.rates.begin(), c.parameters.rates.end());
  learner.set_parameters(parameters);
  return learner;
}

}  // namespace shoal::testing
