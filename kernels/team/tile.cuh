// SPDX-License-Identifier: Apache-2.0
// TeamTile: the R x C outputs that one thread of a team sums up at once, and the loop along their sums. Every
// sum is a chain of fused multiply-adds in index order (contract N2).
//
// A step along the sums takes R C multiply-adds and R + C operands from shared memory, which delivers 32
// words per cycle while 128 threads can multiply. An 8 x 8 tile keeps both busy; a 4 x 4 tile waits for
// operands half of the time, but small products have no more tiles than threads anyway. Loads are 16 bytes
// wide along whichever index is contiguous. The rows and columns of a tile are chosen to avoid bank
// conflicts. Where an operand is contiguous along the sum, a tile takes every down-th row (across-th column):
// then neighbouring threads read neighbouring rows, whose padded strides (an odd number of 16-byte words) put
// them into different banks. Where an operand is contiguous along the output, a tile takes quads, and
// neighbouring threads take neighbouring quads.
#pragma once

#include "kernels/device/vector_access.cuh"
#include "kernels/math/gemm_layout.hpp"
#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// Operands in shared memory, as offsets: nvcc does not know the address space of a pointer that may be null.
struct TeamGemmOperands {
  int a = -1, a_stride = 0;  ///< a = -1: there is no product
  int b = 0, b_stride = 0;
};

template <GemmLayout layout_, int R, int C>
struct TeamTile {
  static constexpr GemmLayout layout = layout_;
  static constexpr int height = R, width = C;
  static constexpr bool row_quads = layout == GemmLayout::tn, column_quads = layout != GemmLayout::nt;

  int g = 0, h = 0;   ///< position in the grid of tiles
  int down, across;   ///< size of that grid
  int rows, columns;  ///< of the matrix

  __device__ __forceinline__ int row(int i) const {
    return row_quads ? 4 * (g + i / 4 * down) + i % 4 : g + i * down;
  }
  __device__ __forceinline__ int column(int q) const {
    return column_quads ? 4 * (h + q / 4 * across) + q % 4 : h + q * across;
  }
  __device__ __forceinline__ bool has_row(int i) const { return row(i) < rows; }
  __device__ __forceinline__ bool has_column(int q) const { return column(q) < columns; }

  /// Calls use(r, j, v) for every output that is inside the matrix.
  template <class Use>
  __device__ __forceinline__ void each(float (&v)[R][C], Use use) const {
#pragma unroll
    for (int i = 0; i < R; ++i)
#pragma unroll
      for (int q = 0; q < C; ++q)
        if (has_row(i) && has_column(q)) use(row(i), column(q), v[i][q]);
  }
  /// Calls use(r, j0, v4) for every quad of columns that begins inside the matrix; values beyond the matrix
  /// are set to zero, as padding must be.
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

  /// Adds all terms of one product or two to the sums, first a b, then c d. Indices beyond the matrix are
  /// clamped, so that loads stay inside.
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
  /// Operands of four steps along the sums: of the rows, and of the columns where they are contiguous along
  /// the sums too.
  struct Rows {
    float a[R][4], b[layout == GemmLayout::nt ? C : 1][4];
  };

  static __device__ __forceinline__ int least(int a, int b) {
    return a < b ? a : b;
  }

  /// Reads the operands of a product, along the sums.
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
