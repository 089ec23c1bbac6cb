// SPDX-License-Identifier: Apache-2.0
// Rows that go through the network together, and the tape that a forward and backward pass leaves of them.
#pragma once

#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {

/// Some rows of a group's support or query set. Lanes with fewer rows compute rubbish in theirs, which every
/// sum over rows leaves out.
template <class L>
struct RowBlock {
  using V = typename L::V;
  const V* x = nullptr;       // [rows, inputs]
  const V* y = nullptr;       // [rows, targets]
  const V* offset = nullptr;  // [rows, outputs] or null
  int rows = 0;
  int common_rows = 0;                // rows that every lane has
  std::int32_t lane_rows[max_lanes];  // rows that each lane has; may be negative

  RowBlock(const Network& net, const GroupRows& set, int first, int count) : rows(count) {
    x = reinterpret_cast<const V*>(set.x) + std::ptrdiff_t{first} * L::stride(net.inputs);
    y = reinterpret_cast<const V*>(set.y) + std::ptrdiff_t{first} * L::stride(net.targets);
    if (set.offset)
      offset = reinterpret_cast<const V*>(set.offset) + std::ptrdiff_t{first} * L::stride(net.outputs);
    common_rows = set.common_rows - first;
    if (common_rows < 0) common_rows = 0;
    if (common_rows > count) common_rows = count;
    for (int w = 0; w < L::tasks; ++w) lane_rows[w] = set.lane_rows[w] - first;
  }
};

/// What a block's passes leave for the second-order pass, all [block_rows, width]: per hidden layer
/// activation a = f(z), slope f'(z), delta = dL/dz, and for curved activations f''(z), which the backward
/// pass turns into dL/da f''(z).
template <class L>
class Tape {
 public:
  using V = typename L::V;

  static std::size_t vectors(const Network& net, bool curved, int rows) {
    return static_cast<std::size_t>(rows) * (static_cast<std::size_t>(net.hidden_width) * (curved ? 4 : 3) +
                                             2 * static_cast<std::size_t>(L::stride(net.outputs)));
  }

  Tape(const Network& net, bool curved, int rows, V* base)
      : net_(&net), base_(base), rows_(rows), parts_(curved ? 4 : 3) {}

  V* activation(int layer) const { return part(layer, 0); }
  V* slope(int layer) const { return part(layer, 1); }
  /// Of the last layer too.
  V* delta(int layer) const {
    return layer + 1 == net_->layer_count ? output() + out_size() : part(layer, 2);
  }
  V* curve(int layer) const { return part(layer, 3); }
  V* output() const { return base_ + std::ptrdiff_t{rows_} * net_->hidden_width * parts_; }

 private:
  V* part(int layer, int index) const {
    const LayerShape& shape = net_->layers[layer];
    return base_ + std::ptrdiff_t{rows_} * (shape.width_before * parts_ + L::stride(shape.outputs) * index);
  }
  std::ptrdiff_t out_size() const { return std::ptrdiff_t{rows_} * L::stride(net_->outputs); }

  const Network* net_;
  V* base_;
  int rows_, parts_;
};

}  // namespace shoal::cpu
