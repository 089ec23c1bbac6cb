// SPDX-License-Identifier: Apache-2.0
// The layout of a team's matrices in shared memory and of its workspace in global memory. The host computes
// it, every thread reads it.
#pragma once

#include <cstdint>

#include "kernels/math/network.hpp"

namespace shoal::kernels {

/// The support or query rows of all tasks, one after another.
struct RowsView {
  const float* x = nullptr;             ///< [rows, inputs]
  const float* y = nullptr;             ///< [rows, targets]; class labels as numbers
  const float* offset = nullptr;        ///< [rows, outputs] or null
  const std::int64_t* first = nullptr;  ///< [tasks + 1]
  const float* terms = nullptr;         ///< [tasks] divisor of the mean
  const float* scale = nullptr;         ///< [tasks] 1 / terms, 0 for an empty set
};

/// Offsets in floats, multiples of 4 (16-byte words). A matrix of a block of rows is [rows, padded width]; in
/// a stack of hidden layers, layer l begins rows * width_before floats after the start of the stack.
struct TeamMemory {
  int rows = 0;                  ///< rows that go through the network together
  int u = 0;                     ///< [P] alpha o lambda
  int x = 0, y = 0, offset = 0;  ///< the data of the block of rows
  int terms = 0;                 ///< [rows, pairs, 2] factors of the loss terms
  int pairs = 0;                 ///< pairs of a row
  int phi = 0;                   ///< [P] fast weights

  int tape = 0;                   ///< what a forward and backward pass stores for the second-order pass:
  int activation = 0, delta = 0;  ///<   a and dL/dz of the hidden layers
  int curvature = 0;  ///<   f'', then dL/da f'', then that times R{z}; only if f'' is not identically zero
  int slope = 0;      ///<   f', only if it does not follow from a
  int output = 0, output_delta = 0;  ///<   [rows, padded outputs]
  int tape_floats = 0;

  int r_activation = 0, r_output = 0;  ///< R{a}, R{output}
  int r_delta[2] = {};                 ///< R{dL/dz} of this layer and of the one below
  std::int64_t floats = 0;
};

/// Offsets in floats in a team's global workspace, multiples of 4 (16-byte words).
struct TeamWorkspace {
  std::int64_t record = 0;  ///< [records, record_floats] one per inner step: phi, then the stored tapes
  int records = 0;
  int record_tapes = 0;  ///< tapes in a record: one for every block of rows of the largest support set, or 0
  std::int64_t record_floats = 0;
  std::int64_t gradient = 0;  ///< [gradients, P] g_0 .. g_{K-1}, where rates are learned
  int gradients = 0;
  std::int64_t lambda = 0;         ///< [P]
  std::int64_t partial = 0;        ///< [P] partial gradients, between blocks of rows
  std::int64_t rate_gradient = 0;  ///< [R]
  std::int64_t floats = 0;
};

}  // namespace shoal::kernels
