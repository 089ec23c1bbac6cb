// SPDX-License-Identifier: Apache-2.0
// Transposes matrices whose lanes are neighbouring columns, W x W at a time in registers.
#pragma once

#include <cstddef>

namespace shoal::cpu {

template <class L, bool full>
static inline __attribute__((always_inline)) void transpose_square(const typename L::V* from,
                                                                   std::ptrdiff_t from_stride, int rows,
                                                                   int columns, typename L::V* to,
                                                                   std::ptrdiff_t to_stride) {
  constexpr int W = L::width;
  typename L::V square[W];
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i) square[i] = full || i < rows ? from[i * from_stride] : typename L::V(0.0f);
  L::transpose(square);
#pragma GCC unroll 16
  for (int i = 0; i < W; ++i)
    if (full || i < columns) to[i * to_stride] = square[i];
}

/// to[c][r] = from[r][c] for all values; strides are in vectors. Lanes of `to` beyond the last row become +0.
template <class L>
void transpose(const typename L::V* from, std::ptrdiff_t from_stride, int rows, int columns,
               typename L::V* to, std::ptrdiff_t to_stride) {
  constexpr int W = L::width;
  for (int c = 0; c < columns; c += W)
    for (int r = 0; r < rows; r += W) {
      const auto* corner = from + r * from_stride + c / W;
      auto* target = to + c * to_stride + r / W;
      if (r + W <= rows && c + W <= columns)
        transpose_square<L, true>(corner, from_stride, W, W, target, to_stride);
      else
        transpose_square<L, false>(corner, from_stride, rows - r, columns - c, target, to_stride);
    }
}

}  // namespace shoal::cpu
