// SPDX-License-Identifier: Apache-2.0
// TeamTile: the outputs that one thread of a team sums up at once, R x C of them, and the loop along their
// sums. Every sum is a chain of fused multiply-adds in index order (contract N2).
//
// A step along the sums is R C multiply-adds for R + C operands from shared memory, which delivers 32 words a
// cycle while the multiply-adds of 128 threads run: an 8 x 8 tile keeps both busy, 4 x 4 waits for operands
// half of the time, and small products have no more tiles than threads all the same. Loads are 16 bytes wide
// along whatever index is contiguous. Which rows and columns a tile has is chosen for the banks: where
// operands are contiguous along the sum, every down-th row (across-th column), so that neighbouring threads
// read neighbouring rows, whose padded strides (an odd number of 16-byte words) put them into different
// banks; where they are contiguous along the output, fours of them, neighbours next to neighbours.
#pragma once

#include "kernels/device/vector_access.cuh"
#include "kernels/math/gemm_layout.hpp"
#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// Operands in shared memory, as offsets: pointers that may be null would lose their address space.
struct TeamGemmOperands {
  int a = -1, a_stride = 0;  ///< a = -1: absent
  int b = 0, b_stride = 0;
};

template <GemmLayout layout_, int R, int C>
struct TeamTile {
  static constexpr GemmLayout layout = layout_;
  static constexpr int height = R, width = C;
  static constexpr bool row_quads = layout == GemmLayout::tn, column_quads = layout != GemmLayout::nt;

  int g = 0, h = 0;   ///< place in the grid of tiles
  int down, across;   ///< its size
  int rows, columns;  ///< of the matrix

  __device__ __forceinline__ int row(int i) const {
    return row_quads ? 4 * (g + i / 4 * down) + i % 4 : g + i * down;
  }
  __device__ __forceinline__ int column(int q) const {
    return column_quads ? 4 * (h + q / 4 * across) + q % 4 : h + q * across;
  }
  __device__ __forceinline__ bool has_row(int i) const { return row(i) < rows; }
  __device__ __forceinline__ bool has_column(int q) const { return column(q) < columns; }

  /// use(r, j, v) for every output that there is.
  template <class Use>
  __device__ __forceinline__ void each(float (&v)[R][C], Use use) const {
#pragma unroll
    for (int i = 0; i < R; ++i)
#pragma unroll
      for (int q = 0; q < C; ++q)
        if (has_row(i) && has_column(q)) use(row(i), column(q), v[i][q]);
  }
  /// use(r, j0, v4) for fours of columns that there are, those beyond the matrix reserve_zeroed: padding
  /// holds zeros.
  template <class Use>
  __device__ __forceinline__ void each_quad(float (&v)[R][C], Use use) const {
    static_assert(column_quads);
#pragma unroll
    for (int i = 0; i < R; ++i)
#pragma unroll
      for (int q = 0; q < C; q += 4) {
        if (!has_row(i) || !has_column(q)) continue;
        if (column(q) + 4 > columns) {
#pragma unroll
          for (int n = 1; n < 4; ++n)
            if (!has_column(q + n)) v[i][q + n] = 0.0f;
        }
        use(row(i), column(q), &v[i][q]);
      }
  }

  /// Adds all terms of one product or two onto the sums, first a b, then c d. Operands beyond the matrix are
  /// clamped.
  template <bool two>
  __device__ __forceinline__ void add(const float* shared, const TeamGemmOperands& first,
                                      const TeamGemmOperands& second, int terms, float (&sum)[R][C]) const {
    Operands one(shared, first, *this), other(shared, two ? second : first, *this);
    int s = 0;
    if constexpr (layout != GemmLayout::tn) {
      for (; s + 4 <= terms; s += 4) {
        Rows rows_of_one, rows_of_other;
        one.load(rows_of_one);
        if constexpr (two) other.load(rows_of_other);
#pragma unroll
        for (int u = 0; u < 4; ++u) {
          one.add(rows_of_one, u, sum);
          if constexpr (two) other.add(rows_of_other, u, sum);
        }
      }
    }
#pragma unroll(layout == GemmLayout::tn && R * C == 16 ? 2 : 1)
    for (; s < terms; ++s) {
      one.add_single(sum);
      if constexpr (two) other.add_single(sum);
    }
  }

 private:
  /// Four steps along the sums: of the rows, and of the columns where those run along the sums too.
  struct Rows {
    float a[R][4], b[layout == GemmLayout::nt ? C : 1][4];
  };

  static __device__ __forceinline__ int least(int a, int b) {
    return a < b ? a : b;
  }

  /// A product's operands on the way along the sums.
  class Operands {
   public:
    __device__ __forceinline__ Operands(const float* shared, const TeamGemmOperands& p, const TeamTile& tile)
        : a_stride_(p.a_stride), b_stride_(p.b_stride) {
      if constexpr (row_quads) {
#pragma unroll
        for (int i = 0; i < R; i += 4)
          a_[i / 4] = shared + p.a + 4 * least(tile.g + i / 4 * tile.down, (tile.rows - 1) / 4);
      } else {
#pragma unroll
        for (int i = 0; i < R; ++i) a_[i] = shared + p.a + least(tile.row(i), tile.rows - 1) * a_stride_;
      }
      if constexpr (column_quads) {
#pragma unroll
        for (int q = 0; q < C; q += 4)
          b_[q / 4] = shared + p.b + 4 * least(tile.h + q / 4 * tile.across, (tile.columns - 1) / 4);
      } else {
#pragma unroll
        for (int q = 0; q < C; ++q)
          b_[q] = shared + p.b + least(tile.column(q), tile.columns - 1) * b_stride_;
      }
    }

    __device__ __forceinline__ void load(Rows& to) {
#pragma unroll
      for (int i = 0; i < R; ++i) {
        load4(a_[i], to.a[i]);
        a_[i] += 4;
      }
      if constexpr (!column_quads) {
#pragma unroll
        for (int q = 0; q < C; ++q) {
          load4(b_[q], to.b[q]);
          b_[q] += 4;
        }
      }
    }
    __device__ __forceinline__ void add(const Rows& rows, int u, float (&sum)[R][C]) {
      float down[R], along[C];
#pragma unroll
      for (int i = 0; i < R; ++i) down[i] = rows.a[i][u];
      if constexpr (column_quads) {
        load_columns(along);
      } else {
#pragma unroll
        for (int q = 0; q < C; ++q) along[q] = rows.b[q][u];
      }
      add_outer(down, along, sum);
    }
    __device__ __forceinline__ void add_single(float (&sum)[R][C]) {
      float down[R], along[C];
      if constexpr (row_quads) {
#pragma unroll
        for (int i = 0; i < R; i += 4) {
          load4(a_[i / 4], &down[i]);
          a_[i / 4] += a_stride_;
        }
      } else {
#pragma unroll
        for (int i = 0; i < R; ++i) down[i] = *a_[i]++;
      }
      if constexpr (column_quads) {
        load_columns(along);
      } else {
#pragma unroll
        for (int q = 0; q < C; ++q) along[q] = *b_[q]++;
      }
      add_outer(down, along, sum);
    }

   private:
    __device__ __forceinline__ void load_columns(float (&along)[C]) {
#pragma unroll
      for (int q = 0; q < C; q += 4) {
        load4(b_[q / 4], &along[q]);
        b_[q / 4] += b_stride_;
      }
    }
    static __device__ __forceinline__ void add_outer(const float (&down)[R], const float (&along)[C],
                                                     float (&sum)[R][C]) {
#pragma unroll
      for (int i = 0; i < R; ++i)
#pragma unroll
        for (int q = 0; q < C; ++q) sum[i][q] = fma(down[i], along[q], sum[i][q]);
    }

    const float* a_[row_quads ? R / 4 : R];
    const float* b_[column_quads ? C / 4 : C];
    int a_stride_, b_stride_;
  };
};

}  // namespace shoal::kernels
