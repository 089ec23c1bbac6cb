// SPDX-License-Identifier: Apache-2.0
// Where a team's matrices lie in its fast memory (shared memory, or global memory for models beyond it), and
// what it keeps in global memory: computed on the host, read by every thread.
#pragma once

#include <cstdint>

#include "kernels/network.hpp"

namespace shoal::kernels {

/// Offsets in floats. Matrices of a block of rows are [rows, padded width]; hidden layer l of a stack of them
/// lies rows * width_before further.
struct TeamMemory {
  int rows = 0;                                         ///< rows that go through the network together
  int phi = 0, u = 0;                                   ///< [P] fast weights, alpha o lambda
  int x = 0, y = 0, offset = 0;                         ///< the block's data
  int activation = 0, slope = 0, delta = 0, curve = 0;  ///< hidden layers' a, f', dL/dz, f'' then dL/da f''
  int r_sum = 0, r_activation = 0;                      ///< R{z}, R{a}; one buffer when f'' = 0
  int output = 0, output_delta = 0, r_output = 0;       ///< [rows, padded outputs]
  int r_delta[2] = {};                                  ///< R{dL/dz} of this layer and of the one below
  std::int64_t floats = 0;
};

/// Offsets in floats from a team's global workspace.
struct TeamWorkspace {
  std::int64_t trajectory = 0;  ///< [trajectory_count, P] phi_0 .. phi_K, or two in turn
  std::int64_t gradient = 0;    ///< [gradient_count, P] g_0 .. g_{K-1}, or one
  std::int64_t lambda = 0, second = 0, rate_gradient = 0;
  int trajectory_count = 1, gradient_count = 1;
  std::int64_t floats = 0;
};

}  // namespace shoal::kernels
