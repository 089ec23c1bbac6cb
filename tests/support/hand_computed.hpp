// SPDX-License-Identifier: Apache-2.0
// Meta-gradients computed by hand, on paper: a net of one weight and a net of two hidden units. All
// intermediate numbers are short binary fractions, so that no backend rounds anything: results must be equal,
// not only close.
#pragma once

#include <string>
#include <vector>

#include "support/random_case.hpp"

namespace shoal::testing {

struct HandComputed {
  std::string name;
  RandomCase problem;
  std::vector<double> theta;         ///< meta-gradient [P]
  std::vector<double> rates;         ///< gradient of learned rates [R]
  std::vector<double> fast_weights;  ///< [tasks, P]
  std::vector<double> query_loss;    ///< [tasks] after the inner loop
};

const std::vector<HandComputed>& hand_computed();

/// Expects these numbers of the context's backend, in float or double.
template <class Real>
void expect_hand_computed(const Context& context, const std::string& name);

}  // namespace shoal::testing
