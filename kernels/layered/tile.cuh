// SPDX-License-Identifier: Apache-2.0
// Computes one tile of one task's matrix product, by a block of threads through shared memory:
//
//   out[r][j] = start + sum_s a[r][s] b[s][j]                         (one product)
//   out[r][j] = start + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])     (two: R-operator passes)
//
// Each sum is one chain of fused multiply-adds in order of s, first a b, then c d (contract N2). s is never
// split, neither over blocks nor over threads, so that tile shapes change speed and no bit. Oracle:
// src/cpu/gemm.hpp (tests/cuda).
//
// Shared memory holds a slice of 16 terms of each operand, with s as the slow index whichever index was
// contiguous in global memory. While a slice is multiplied, the next one is loaded into registers; a second
// buffer in shared memory receives it, so that one barrier per slice is enough. A lane computes 8 x 4 outputs
// (3 loads of 16 bytes for 32 multiply-adds) or, for products with few rows, 4 x 4. Terms beyond the last are
// left out and not multiplied by zero, because fma(0, 0, -0) would be +0.
//
// Tasks of few rows (about 16) are the common case. Then a weight is read once for a tile of all rows, and
// the low tile of 16 x 128 wastes less than 64 x 64 would.
#pragma once

#include "kernels/device/device.cuh"
#include "kernels/layered/arguments.hpp"

namespace shoal::kernels {

template <int down_, int across_, int rows_>
struct LayerTileShape {
  static constexpr int down = down_, across = across_;  ///< outputs of a block
  static constexpr int rows = rows_, columns = 4;       ///< outputs of a thread
  static constexpr int lanes_down = 4, lanes_across = 8;
  static constexpr int slice = 16;  ///< terms
  static constexpr int warps_across = across / (lanes_across * columns);
  static constexpr int threads = down / (lanes_down * rows) * warps_across * 32;
  static constexpr int a_stride = down + 4, b_stride = across + 4;
  static constexpr int operands = slice * (a_stride + b_stride);  ///< floats of one product's slice
  template <bool two>
  static constexpr int shared_floats = 2 * operands*(two ? 2 : 1);  // the finished tile fits in too
};
using SquareTile = LayerTileShape<64, 64, 8>;
using LowTile = LayerTileShape<16, 128, 4>;

/// An operand of a tile: its first element, and the number of rows or columns from there on.
struct TileOperand {
  const float* at = nullptr;
  int stride = 0, limit = 0;
  bool wide = false;  ///< aligned: 16 bytes per load

  static __device__ __forceinline__ TileOperand of(const LayerOperand& operand, int task, std::int64_t row,
                                                   bool along_terms, int first, int count) {
    const float* const at = operand.of(task, row);
    const bool wide = operand.stride % 4 == 0 && reinterpret_cast<std::uintptr_t>(at) % 16 == 0;
    return {at + (along_terms ? static_cast<std::int64_t>(first) * operand.stride : first), operand.stride,
            count - first, wide};
  }
};

/// A slice of one operand, in registers between global and shared memory.
template <class Shape, int extent, bool along_terms>
class LayerSlice {
 public:
  __device__ __forceinline__ void fetch(const TileOperand& from, int first_term, int terms) {
#pragma unroll
    for (int i = 0; i < each; ++i) {
      const int q = static_cast<int>(threadIdx.x) + i * Shape::threads;
      const int outer = outer_of(q), s = term_of(q);
      const int inside = along_terms ? terms - first_term - s : from.limit - outer;
      const bool there = along_terms ? outer < from.limit : first_term + s < terms;
      held_[i] = {0.0f, 0.0f, 0.0f, 0.0f};
      if ((quads % Shape::threads != 0 && q >= quads) || !there || inside <= 0) continue;
      const auto slow = static_cast<std::int64_t>(along_terms ? outer : first_term + s);
      const float* const at = from.at + slow * from.stride + (along_terms ? first_term + s : outer);
      if (from.wide) {
        held_[i] = *reinterpret_cast<const float4*>(at);
      } else {
        held_[i].x = at[0];
        if (inside > 1) held_[i].y = at[1];
        if (inside > 2) held_[i].z = at[2];
        if (inside > 3) held_[i].w = at[3];
      }
    }
  }

  __device__ __forceinline__ void store_shared(float* shared) const {
    constexpr int stride = extent + 4;
#pragma unroll
    for (int i = 0; i < each; ++i) {
      const int q = static_cast<int>(threadIdx.x) + i * Shape::threads;
      if (quads % Shape::threads != 0 && q >= quads) continue;
      float* const to = shared + term_of(q) * stride + outer_of(q);
      if constexpr (along_terms) {
        to[0] = held_[i].x;
        to[stride] = held_[i].y;
        to[2 * stride] = held_[i].z;
        to[3 * stride] = held_[i].w;
      } else {
        *reinterpret_cast<float4*>(to) = held_[i];
      }
    }
  }

 private:
  static constexpr int quads = extent * Shape::slice / 4;
  static constexpr int each = (quads + Shape::threads - 1) / Shape::threads;
  static __device__ __forceinline__ int outer_of(int q) {
    return along_terms ? q / (Shape::slice / 4) : q % (extent / 4) * 4;
  }
  static __device__ __forceinline__ int term_of(int q) {
    return along_terms ? q % (Shape::slice / 4) * 4 : q / (extent / 4);
  }
  float4 held_[each];
};

template <GemmLayout layout, bool two, class Shape>
class LayerTile {
 public:
  static constexpr bool a_along_terms = layout != GemmLayout::tn;
  static constexpr bool b_along_terms = layout == GemmLayout::nt;

  /// The tile whose first output is (r0, j0) of a matrix of rows x columns.
  __device__ __forceinline__ LayerTile(int r0, int j0, int rows, int columns)
      : r0_(r0), j0_(j0), rows_(rows), columns_(columns) {
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    row_ = (warp / Shape::warps_across * Shape::lanes_down + lane / Shape::lanes_across) * Shape::rows;
    column_ =
        (warp % Shape::warps_across * Shape::lanes_across + lane % Shape::lanes_across) * Shape::columns;
    works_ = r0 + row_ < rows && j0 + column_ < columns;
#pragma unroll
    for (int i = 0; i < Shape::rows; ++i)
#pragma unroll
      for (int q = 0; q < Shape::columns; ++q) sum_[i][q] = 0.0f;
  }

  /// The sums start with start[j] where `stride` is 0, else with start[r][j].
  __device__ __forceinline__ void start_from(const float* start, int stride) {
#pragma unroll
    for (int i = 0; i < Shape::rows; ++i)
#pragma unroll
      for (int q = 0; q < Shape::columns; ++q) {
        const int r = r0_ + row_ + i, j = j0_ + column_ + q;
        if (r < rows_ && j < columns_) sum_[i][q] = start[static_cast<std::int64_t>(r) * stride + j];
      }
  }

  __device__ __forceinline__ void multiply(const LayerGemmOperands& first, const LayerGemmOperands& second,
                                           int task, std::int64_t row, int terms, float* shared) {
    const TileOperand a = edge_a(first, task, row), b = edge_b(first, task, row);
    const TileOperand c = two ? edge_a(second, task, row) : TileOperand{},
                      d = two ? edge_b(second, task, row) : TileOperand{};
    Slices slices;
    slices.fetch(a, b, c, d, 0, terms);
    slices.store_shared(shared);
    __syncthreads();
    float *now = shared, *then = shared + Shape::template shared_floats<two> / 2;
    for (int s = 0; s < terms; s += Shape::slice) {
      const bool more = s + Shape::slice < terms;
      if (more) slices.fetch(a, b, c, d, s + Shape::slice, terms);
      if (works_) add(now, terms - s);
      if (more) slices.store_shared(then);
      __syncthreads();
      float* const previous = now;
      now = then;
      then = previous;
    }
  }

  /// Calls use(r, j, sum) for every element, and use(r, j, 0) for those that fill the last 16-byte word of a
  /// row; neighbouring threads get neighbouring elements. Call this after multiply(), whose shared memory it
  /// reuses.
  template <class Use>
  __device__ __forceinline__ void finish(float* shared, Use use) const {
    finish_words<1>(shared,
                    [&](int r, int j, const float* sums) { use(r, j, j < columns_ ? sums[0] : 0.0f); });
  }
  /// Calls use(r, j, sums) for every 16-byte word of a row; j is its first column.
  template <class Use>
  __device__ __forceinline__ void finish_quads(float* shared, Use use) const {
    finish_words<4>(
        shared, [&](int r, int j, const float* sums) { use(r, j, *reinterpret_cast<const float4*>(sums)); });
  }

 private:
  struct Slices {
    LayerSlice<Shape, Shape::down, a_along_terms> a, c;
    LayerSlice<Shape, Shape::across, b_along_terms> b, d;
    __device__ __forceinline__ void fetch(const TileOperand& ea, const TileOperand& eb, const TileOperand& ec,
                                          const TileOperand& ed, int s, int terms) {
      a.fetch(ea, s, terms);
      b.fetch(eb, s, terms);
      if constexpr (two) {
        c.fetch(ec, s, terms);
        d.fetch(ed, s, terms);
      }
    }
    __device__ __forceinline__ void store_shared(float* to) const {
      a.store_shared(to);
      b.store_shared(to + Shape::slice * Shape::a_stride);
      if constexpr (two) {
        c.store_shared(to + Shape::operands);
        d.store_shared(to + Shape::operands + Shape::slice * Shape::a_stride);
      }
    }
  };

  template <int width, class Use>
  __device__ __forceinline__ void finish_words(float* shared, Use use) const {
    constexpr int stride = Shape::across + 4;
#pragma unroll
    for (int i = 0; i < Shape::rows; ++i)
      *reinterpret_cast<float4*>(shared + (row_ + i) * stride + column_) = {sum_[i][0], sum_[i][1],
                                                                            sum_[i][2], sum_[i][3]};
    __syncthreads();
    const int whole = (columns_ + 3) / 4 * 4 - j0_;
    int bits = 2;  // bits of a column index: few where a narrow matrix fills little of its tile
    while (1 << bits < whole && 1 << bits < Shape::across) ++bits;
#pragma unroll 1
    for (int e = width * static_cast<int>(threadIdx.x); e < Shape::down << bits;
         e += width * Shape::threads) {
      const int r = e >> bits, j = e & ((1 << bits) - 1);
      if (r0_ + r >= rows_) break;
      if (j < whole) use(r0_ + r, j0_ + j, shared + r * stride + j);
    }
  }

  __device__ __forceinline__ TileOperand edge_a(const LayerGemmOperands& f, int task,
                                                std::int64_t row) const {
    return TileOperand::of(f.a, task, row, a_along_terms, r0_, rows_);
  }
  __device__ __forceinline__ TileOperand edge_b(const LayerGemmOperands& f, int task,
                                                std::int64_t row) const {
    return TileOperand::of(f.b, task, row, b_along_terms, j0_, columns_);
  }

  __device__ __forceinline__ void add(const float* slice, int terms) {
    if (terms >= Shape::slice) {
#pragma unroll 4
      for (int s = 0; s < Shape::slice; ++s) add_term(slice, s);
    } else {
#pragma unroll 1
      for (int s = 0; s < terms; ++s) add_term(slice, s);
    }
  }
  __device__ __forceinline__ void add_term(const float* slice, int s) {
    add_product(slice, s);
    if constexpr (two) add_product(slice + Shape::operands, s);
  }
  __device__ __forceinline__ void add_product(const float* slice, int s) {
    float a[Shape::rows];
    const float* const from = slice + s * Shape::a_stride + row_;
#pragma unroll
    for (int i = 0; i < Shape::rows; i += 4) {
      const float4 v = *reinterpret_cast<const float4*>(from + i);
      a[i] = v.x;
      a[i + 1] = v.y;
      a[i + 2] = v.z;
      a[i + 3] = v.w;
    }
    const float4 b = *reinterpret_cast<const float4*>(slice + Shape::slice * Shape::a_stride +
                                                      s * Shape::b_stride + column_);
#pragma unroll
    for (int i = 0; i < Shape::rows; ++i) {
      sum_[i][0] = fma(a[i], b.x, sum_[i][0]);
      sum_[i][1] = fma(a[i], b.y, sum_[i][1]);
      sum_[i][2] = fma(a[i], b.z, sum_[i][2]);
      sum_[i][3] = fma(a[i], b.w, sum_[i][3]);
    }
  }

  int r0_, j0_, rows_, columns_, row_ = 0, column_ = 0;
  bool works_ = false;
  float sum_[Shape::rows][Shape::columns];
};

}  // namespace shoal::kernels
