// SPDX-License-Identifier: Apache-2.0
// FixedShape: everything about a problem that the compiler knows in a kernel made for it
// (kernels/fixed/kernel.cuh). A shape is a template argument, so it is plain data.
#pragma once

#include <shoal/kinds.hpp>

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

struct FixedShape {
  static constexpr int most_layers = 5;

  int inputs = 1;
  int layers = 2;                    ///< dense layers, the output layer included: 2 .. most_layers
  int outputs_of[most_layers] = {};  ///< outputs of each layer
  int targets = 1;                   ///< columns of y
  int rows = 1;                      ///< room for the support or query rows of a task; at least 1
  int lanes = 32;                    ///< threads of a task: 16, 32, 64, 128 or 256
  Activation activation = Activation::relu;
  LossKind loss = LossKind::mse;
  int quantiles = 0;
  bool exact = true;  ///< the outer rule: exact, or first-order
  LearnedRate rates = LearnedRate::none;
  /// Bit 2 l: the weight of layer l does not adapt; 2 l + 1: its bias. Nothing, all hidden layers, or the
  /// head.
  unsigned frozen = 0;
  bool offset = false;  ///< rows have output offsets
  /// Activations lie in the workspace and pass shared memory in slabs (kernels/fixed/slabs.cuh); needs at
  /// least 32 lanes.
  bool streamed = false;

  SHOAL_HD constexpr int inputs_of(int l) const { return l == 0 ? inputs : outputs_of[l - 1]; }
  SHOAL_HD constexpr int outputs() const { return outputs_of[layers - 1]; }
  SHOAL_HD constexpr bool weight_adapts(int l) const { return (frozen >> (2 * l) & 1u) == 0; }
  SHOAL_HD constexpr bool bias_adapts(int l) const { return (frozen >> (2 * l + 1) & 1u) == 0; }
  SHOAL_HD constexpr bool freezes_nothing_body_or_head() const {
    const unsigned head = 3u << (2 * (layers - 1)), body = (1u << (2 * (layers - 1))) - 1u;
    return frozen == 0 || frozen == body || frozen == head;
  }
  /// The lowest layer with a tensor that adapts.
  SHOAL_HD constexpr int lowest_adapting() const {
    int l = 0;
    while (l + 1 < layers && !weight_adapts(l) && !bias_adapts(l)) ++l;
    return l;
  }
  friend bool operator==(const FixedShape&, const FixedShape&) = default;
};

inline constexpr int lane_choices[] = {16, 32, 64, 128, 256};
constexpr bool is_lane_choice(int lanes) {
  for (const int one : lane_choices)
    if (one == lanes) return true;
  return false;
}

/// Threads of a block: one task's lanes, or a warp with two tasks.
SHOAL_HD constexpr int fixed_block_threads(const FixedShape& s) {
  return s.lanes < 32 ? 32 : s.lanes;
}

}  // namespace shoal::kernels
