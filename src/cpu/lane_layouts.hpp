// SPDX-License-Identifier: Apache-2.0
// What the lanes of a vector stand for. Both layouts run the same source (network_pass.hpp, task_group.hpp)
// over matrices of vectors and add every sum in the same order, so they give the same bits.
//
//   tasks   lane w belongs to task w of the group: a row of n values is n vectors, nothing is padded
//   units   the lanes are neighbouring columns of one task: a row of n values is n / W vectors, rounded up.
//   What
//           the lanes beyond the last column hold is never read as a value
#pragma once

#include "cpu/group_job.hpp"

namespace shoal::cpu {

// The shape of rows with lanes = units, W lanes to a vector.

/// Vectors that hold n values.
static inline constexpr int row_vectors(int n, int W) {
  return (n + W - 1) / W;
}
/// Vectors from one row to the next. Rows of a multiple of eight vectors would meet in an eighth of the sets
/// of a first-level cache, so they get one more.
static inline constexpr int row_stride(int n, int W) {
  const int vectors = row_vectors(n, W);
  return vectors % 8 == 0 ? vectors + 1 : vectors;
}
/// Whether a weight [inputs, outputs] is kept as [outputs, inputs]: where that takes fewer vectors (a last
/// layer of one output, say).
static inline constexpr bool is_transposed(int inputs, int outputs, int W) {
  return inputs * row_vectors(outputs, W) > outputs * row_vectors(inputs, W);
}

template <class Isa>
struct LanesAreTasks : Isa {
  static constexpr bool units = false;
  using Rate = float;                       ///< of a parameter: one for all lanes
  static constexpr int tasks = Isa::width;  ///< of a group
  /// Vectors that a row of n values needs, and vectors from one row to the next.
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

  /// The lanes that hold the first n values of a vector; all of them when n >= W.
  static inline __attribute__((always_inline)) typename Isa::M first(int n) {
    static constexpr std::int32_t number[max_lanes] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    return not_(Isa::below(n, number));
  }
};

}  // namespace shoal::cpu
