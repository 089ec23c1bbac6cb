// SPDX-License-Identifier: Apache-2.0
// Where a team's matrices lie in shared memory, and
// what it keeps in global memory: computed on the host, read by every thread.
#pragma once

#include <cstdint>

#include "kernels/math/network.hpp"

namespace shoal::kernels {

/// Support or query rows of all tasks, one after another.
struct RowsView {
  const float* x = nullptr;             ///< [rows, inputs]
  const float* y = nullptr;             ///< [rows, targets]; class labels as numbers
  const float* offset = nullptr;        ///< [rows, outputs] or null
  const std::int64_t* first = nullptr;  ///< [tasks + 1]
  const float* terms = nullptr;         ///< [tasks] divisor of the mean
  const float* scale = nullptr;         ///< [tasks] 1 / terms, 0 for an empty set
};

/// Offsets in floats, whole 16-byte words. Matrices of a block of rows are [rows, padded width]; hidden layer
/// l of a stack of them lies rows * width_before further.
struct TeamMemory {
  int rows = 0;                  ///< rows that go through the network together
  int u = 0;                     ///< [P] alpha o lambda
  int x = 0, y = 0, offset = 0;  ///< the block's data
  int terms = 0;                 ///< [rows, pairs, 2] factors of the loss terms
  int pairs = 0;                 ///< of a row
  int phi = 0;                   ///< [P] fast weights

  int tape = 0;                   ///< what the passes of a block of rows leave for the backward pass:
  int activation = 0, delta = 0;  ///<   hidden layers' a, dL/dz
  int curvature = 0;              ///<   f'', then dL/da f'', then that times R{z}; only when f'' is not zero
  int slope = 0;                  ///<   f', where it does not follow from a
  int output = 0, output_delta = 0;  ///<   [rows, padded outputs]
  int tape_floats = 0;

  int r_activation = 0, r_output = 0;  ///< R{a}, R{output}
  int r_delta[2] = {};                 ///< R{dL/dz} of this layer and of the one below
  std::int64_t floats = 0;
};

/// Offsets in floats from a team's global workspace, whole 16-byte words.
struct TeamWorkspace {
  std::int64_t record = 0;  ///< [records, record_floats] of every inner step: phi, then the tapes kept of it
  int records = 0;
  int record_tapes = 0;  ///< tapes in a record: every block's of the largest support set, or none
  std::int64_t record_floats = 0;
  std::int64_t gradient = 0;  ///< [gradients, P] g_0 .. g_{K-1}, where rates are learned
  int gradients = 0;
  std::int64_t lambda = 0;         ///< [P]
  std::int64_t partial = 0;        ///< [P] gradients between blocks of rows
  std::int64_t rate_gradient = 0;  ///< [R]
  std::int64_t floats = 0;
};

}  // namespace shoal::kernels
