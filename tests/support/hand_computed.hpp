// SPDX-License-Identifier: Apache-2.0
// Meta-gradients computed by hand, on paper: a net of one weight and a net of two hidden units. Every number
// on the way is a short binary fraction, so that no backend rounds anything: results are equal, not near.
#pragma once

#include <string>
#include <vector>

#include "support/random_case.hpp"

namespace shoal::testing {

struct HandComputed {
  std::string name;
  RandomCase problem;
  std::vector<double> theta;         ///< meta-gradient [P]
  std::vector<double> rates;         ///< of learned rates [R]
  std::vector<double> fast_weights;  ///< [tasks, P]
  std::vector<double> query_loss;    ///< [tasks] after the inner loop
};

const std::vector<HandComputed>& hand_computed();

/// Expects these numbers of the context's backend, in float or double.
template <class Real>
void expect_hand_computed(const Context& context, const std::string& name);

}  // namespace shoal::testing
