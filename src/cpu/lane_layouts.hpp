// SPDX-License-Identifier: Apache-2.0
// The two layouts of lanes. Both run the same source (network_pass.hpp, task_group.hpp) on matrices of
// vectors and add every sum in the same order, so that they give the same bits.
//
//   tasks   lane w belongs to task w of the group: a row of n values is n vectors, without padding
//   units   the lanes are neighbouring columns of one task: a row of n values is n / W vectors, rounded up.
//           Lanes beyond the last column hold no value, and nobody uses their contents
#pragma once

#include "cpu/group_job.hpp"

namespace shoal::cpu {

// The shape of rows with lanes = units and W lanes per vector.

/// Number of vectors that hold n values.
static inline constexpr int row_vectors(int n, int W) {
  return (n + W - 1) / W;
}
/// Number of vectors from one row to the next. If it were a multiple of eight, all rows would share an eighth
/// of the sets of a first-level cache; so such rows get one more.
static inline constexpr int row_stride(int n, int W) {
  const int vectors = row_vectors(n, W);
  return vectors % 8 == 0 ? vectors + 1 : vectors;
}
/// Whether a weight [inputs, outputs] is stored as [outputs, inputs]: it is if that takes fewer vectors (as
/// for a last layer with one output).
static inline constexpr bool is_transposed(int inputs, int outputs, int W) {
  return inputs * row_vectors(outputs, W) > outputs * row_vectors(inputs, W);
}

template <class Isa>
struct LanesAreTasks : Isa {
  static constexpr bool units = false;
  using Rate = float;                       ///< rate of a parameter, the same for all lanes
  static constexpr int tasks = Isa::width;  ///< tasks of a group
  /// vectors(): number of vectors of a row of n values; stride(): vectors from one row to the next.
  static constexpr int vectors(int n) { return n; }
  static constexpr int stride(int n) { return n; }
  static constexpr bool transposed(const LayerShape&) { return false; }
};

template <class Isa>
struct LanesAreUnits : Isa {
  static constexpr bool units = true;
  using Rate = typename Isa::V;
  static constexpr int tasks = 1;
  static constexpr int vectors(int n) { return row_vectors(n, Isa::width); }
  static constexpr int stride(int n) { return row_stride(n, Isa::width); }
  static constexpr bool transposed(const LayerShape& layer) {
    return is_transposed(layer.inputs, layer.outputs, Isa::width);
  }

  /// Mask of the lanes that hold the first n values of a vector; all lanes if n >= W.
  static inline __attribute__((always_inline)) typename Isa::M first(int n) {
    static constexpr std::int32_t number[max_lanes] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    return not_(Isa::below(n, number));
  }
};

}  // namespace shoal::cpu
