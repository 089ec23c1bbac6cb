// SPDX-License-Identifier: Apache-2.0
// LoweredProblem: a Problem as the plain data of kernels/math/network.hpp, for inner code.
#pragma once

#include <vector>

#include "core/backend.hpp"
#include "kernels/math/network.hpp"

namespace shoal {

class LoweredProblem {
 public:
  /// Offsets are those of the parameter layout. Throws InvalidArgument when activation or loss is not an
  /// enumerator.
  LoweredProblem(const Problem& problem, const TaskColumns& columns);
  LoweredProblem(const LoweredProblem&) = delete;
  LoweredProblem& operator=(const LoweredProblem&) = delete;

  const kernels::Network& network() const { return network_; }
  const kernels::LossOptions& loss() const { return loss_; }
  const kernels::InnerOptions& inner() const { return inner_; }

 private:
  std::vector<kernels::LayerShape> layers_;
  std::vector<float> quantiles_, step_weights_;
  kernels::Network network_;
  kernels::LossOptions loss_;
  kernels::InnerOptions inner_;
};

}  // namespace shoal
