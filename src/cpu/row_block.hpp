// SPDX-License-Identifier: Apache-2.0
// A block of rows, which go through the network together, and the tape that a forward and backward pass
// stores for them.
#pragma once

#include "cpu/lane_layouts.hpp"
#include "kernels/math/kind_traits.hpp"

namespace shoal::cpu {

/// Some rows of a group's support or query set. Lanes with fewer rows compute meaningless values in the
/// others, which every sum over rows leaves out.
template <class L>
struct RowBlock {
  using V = typename L::V;
  const V* x = nullptr;       // [rows, inputs]
  const V* y = nullptr;       // [rows, targets]
  const V* offset = nullptr;  // [rows, outputs] or null
  int rows = 0;
  int common_rows = 0;                // rows that every lane has
  std::int32_t lane_rows[max_lanes];  // rows of each lane from `first` on; may be negative

  RowBlock(const Network& net, const GroupRows& set, int first, int count) : rows(count) {
    PackedBlock packed{set.x, set.y, set.offset};
    std::ptrdiff_t at = first;
    if (set.pack_block) {
      packed = set.pack_block(set.packer, first, count);
      at = 0;
    }
    x = reinterpret_cast<const V*>(packed.x) + at * L::stride(net.inputs);
    y = reinterpret_cast<const V*>(packed.y) + at * L::stride(net.targets);
    if (packed.offset) offset = reinterpret_cast<const V*>(packed.offset) + at * L::stride(net.outputs);
    common_rows = set.common_rows - first;
    if (common_rows < 0) common_rows = 0;
    if (common_rows > count) common_rows = count;
    for (int w = 0; w < L::tasks; ++w) lane_rows[w] = set.lane_rows[w] - first;
  }
};

/// What the passes of a block store for later passes, all [block_rows, width]: for each hidden layer the
/// activation a = f(z) and delta = dL/dz; if f is curved dL/da f''(z), which the second-order pass needs; and
/// f'(z) if it does not follow from a. In the latter case the memory of dL/da f''(z) holds f''(z) until the
/// backward pass.
template <class L>
class Tape {
 public:
  using V = typename L::V;

  static std::size_t vectors(const Network& net, int rows) {
    return static_cast<std::size_t>(rows) * (static_cast<std::size_t>(net.hidden_width) * parts_of(net) +
                                             2 * static_cast<std::size_t>(L::stride(net.outputs)));
  }
  /// Number of matrices per hidden layer.
  static std::size_t parts_of(const Network& net) { return kernels::tape_parts(net.activation); }

  Tape(const Network& net, int rows, V* base)
      : net_(&net), base_(base), rows_(rows), parts_(static_cast<int>(parts_of(net))) {}

  V* activation(int layer) const { return part(layer, 0); }
  /// Also for the last layer.
  V* delta(int layer) const {
    return layer + 1 == net_->layer_count ? output() + out_size() : part(layer, 1);
  }
  V* curvature(int layer) const { return part(layer, 2); }       ///< only if f is curved
  V* slope(int layer) const { return part(layer, parts_ - 1); }  ///< only if f' does not follow from a
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
