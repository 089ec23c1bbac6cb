// SPDX-License-Identifier: Apache-2.0
// Products of a task's matrices in shared memory. A lane sums up a tile of outputs in registers; strides,
// lengths and tiles are constants, so that addresses are immediates. Every sum is a chain of fused
// multiply-adds in index order (contract N2); where there are two products, each step adds a term of the
// first, then one of the second.
//
// Loops along the sums are unrolled little: the code of a task must fit the instruction caches, and a step of
// four terms is long enough already.
#pragma once

#include "kernels/device/shared_address.cuh"
#include "kernels/fixed/lane_columns.cuh"
#include "kernels/fixed/tile.hpp"

namespace shoal::kernels {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
inline constexpr bool multiplies_pairs = true;
__device__ __forceinline__ void fma_pair(float x, const float* w, float* sum) {
  const float2 two = __ffma2_rn(make_float2(x, x), make_float2(w[0], w[1]), make_float2(sum[0], sum[1]));
  sum[0] = two.x;
  sum[1] = two.y;
}
#else
inline constexpr bool multiplies_pairs = false;
__device__ __forceinline__ void fma_pair(float, const float*, float*) {}
#endif

/// sum[i][q] += x[i] w[q]. From sm_100 on, two columns take one instruction, which rounds each of them as
/// fma() does.
template <int rows, int columns>
__device__ __forceinline__ void multiply_outer(const float* x, int step, const float* w,
                                               float (&sum)[rows][columns]) {
  constexpr int pairs = multiplies_pairs ? columns / 2 : 0;
#pragma unroll
  for (int i = 0; i < rows; ++i) {
#pragma unroll
    for (int q = 0; q < 2 * pairs; q += 2) fma_pair(x[i * step], w + q, &sum[i][q]);
#pragma unroll
    for (int q = 2 * pairs; q < columns; ++q) sum[i][q] = fma(x[i * step], w[q], sum[i][q]);
  }
}

/// Bytes of four terms along a swizzled row, and those of them that a swizzle flips.
inline constexpr int bytes_of_float = static_cast<int>(sizeof(float));
SHOAL_HD unsigned flips_of(int term) {
  return static_cast<unsigned>(bytes_of_float * term) & 0x70u;
}

/// sum[i][q] += sum over s from begin to end - 1 of a[r][s] b[s][j] (+ c[r][s] d[s][j]), for the tile's rows
/// r and columns j. a and c begin at column `begin`, a multiple of four, and so is `end`, unless it is the
/// last.
template <class Product>
__device__ __forceinline__ void forward_product(const float* a, const float* b, const float* c,
                                                const float* d, FixedPlace at, int begin, int end,
                                                float (&sum)[Product::tile.rows][Product::tile.columns]) {
  constexpr FixedTile tile = Product::tile;
  constexpr int R = tile.rows, C = tile.columns, down = tile.down, terms = Product::terms;
  constexpr int a_stride = Product::a_stride, b_stride = Product::b_stride;
  constexpr bool two = Product::two, swizzled = Product::swizzled;
  using Columns = LaneColumns<C, tile.across>;
  const auto to_c = two ? c - a : 0, to_d = two ? d - b : 0;  // constants
  a = opaque_shared(a + at.row * a_stride);
  b = opaque_shared(b + Columns::first(at.column) + begin * b_stride);
  const auto rest = Columns::rest(at.column);
  constexpr int whole = a_stride % 4 == 0 ? terms / 4 * 4 : 0;
#pragma unroll 1
  for (int s = begin; s < (end < whole ? end : whole); s += 4) {
    float x[R][4], y[two ? R : 1][4];
#pragma unroll
    for (int i = 0; i < R; ++i) load4(a + down * i * a_stride, x[i]);
    if constexpr (two) {
#pragma unroll
      for (int i = 0; i < R; ++i) load4(a + to_c + down * i * a_stride, y[i]);
    }
    // Four neighbouring rows of a swizzled weight are swizzled alike.
    const float* const row = swizzled ? flip_address(b, flips_of(s)) : b;
#pragma unroll
    for (int u = 0; u < 4; ++u) {
      float w[C], z[C];
      Columns::load_at(row + u * b_stride, rest, w);
      if constexpr (two) Columns::load_at(row + to_d + u * b_stride, rest, z);
      multiply_outer<R, C>(&x[0][u], 4, w, sum);
      if constexpr (two) multiply_outer<R, C>(&y[0][u], 4, z, sum);
    }
    a += 4;
    b += 4 * b_stride;
  }
  if (end < terms) return;
#pragma unroll
  for (int s = whole; s < terms; ++s) {
    float x[R], y[R], w[C], z[C];
#pragma unroll
    for (int i = 0; i < R; ++i) {
      x[i] = a[down * i * a_stride + s - whole];
      if constexpr (two) y[i] = a[to_c + down * i * a_stride + s - whole];
    }
    const float* const row = (swizzled ? flip_address(b, flips_of(whole)) : b) + (s - whole) * b_stride;
    Columns::load_at(row, rest, w);
    multiply_outer<R, C>(x, 1, w, sum);
    if constexpr (two) {
      Columns::load_at(row + to_d, rest, z);
      multiply_outer<R, C>(y, 1, z, sum);
    }
  }
}

/// Column q of a lane in a backward product: weights are read along their rows. Swizzled weights take the
/// columns of LaneColumns; else neighbouring lanes take neighbouring rows of the weight, whose odd strides
/// put them into different banks.
template <FixedTile tile, bool swizzled>
__device__ __forceinline__ int backward_column(FixedPlace at, int q) {
  return swizzled ? LaneColumns<tile.columns, tile.across>::at(at.column, q) : at.column + tile.across * q;
}

/// Floats from a lane's first backward row of the weight to that of column q.
template <class Product>
SHOAL_HD constexpr int backward_row(int q) {
  constexpr FixedTile tile = Product::tile;
  return (Product::swizzled ? LaneColumns<tile.columns, tile.across>::at(0, q) : tile.across * q) *
         Product::b_stride;
}

/// sum[i][q] += sum over s from begin to end - 1 of a[r][s] b[j][s] (+ c[r][s] d[j][s]), for rows r and
/// backward columns j; a, c, begin and end as above.
template <class Product>
__device__ __forceinline__ void backward_product(const float* a, const float* b, const float* c,
                                                 const float* d, FixedPlace at, int begin, int end,
                                                 float (&sum)[Product::tile.rows][Product::tile.columns]) {
  constexpr FixedTile tile = Product::tile;
  constexpr int R = tile.rows, C = tile.columns, down = tile.down, terms = Product::terms;
  constexpr int a_stride = Product::a_stride, b_stride = Product::b_stride;
  constexpr bool two = Product::two, swizzled = Product::swizzled;
  const auto to_c = two ? c - a : 0, to_d = two ? d - b : 0;  // constants
  // The rows of b that a lane reads are a constant apart from the first; a swizzled word of its rows is
  // flipped by the lane's own column of quads.
  a = opaque_shared(a + at.row * a_stride);
  b = opaque_shared(
      b + (swizzled ? 4 * at.column * b_stride + 4 * (at.column & 7) : at.column * b_stride + begin));
  constexpr int whole = terms / 4 * 4;
#pragma unroll 1
  for (int s = begin; s < (end < whole ? end : whole); s += 4) {
    float x[R][4], y[two ? R : 1][4], w[C][4], z[two ? C : 1][4];
    const float* const row = swizzled ? flip_address(b, flips_of(s)) + (terms > 32 ? s & ~31 : 0) : b;
#pragma unroll
    for (int i = 0; i < R; ++i) load4(a + down * i * a_stride, x[i]);
#pragma unroll
    for (int q = 0; q < C; ++q) load4(row + backward_row<Product>(q), w[q]);
    if constexpr (two) {
#pragma unroll
      for (int i = 0; i < R; ++i) load4(a + to_c + down * i * a_stride, y[i]);
#pragma unroll
      for (int q = 0; q < C; ++q) load4(row + to_d + backward_row<Product>(q), z[q]);
    }
#pragma unroll
    for (int u = 0; u < 4; ++u) {
      float along[C];
#pragma unroll
      for (int q = 0; q < C; ++q) along[q] = w[q][u];
      multiply_outer<R, C>(&x[0][u], 4, along, sum);
      if constexpr (two) {
#pragma unroll
        for (int q = 0; q < C; ++q) along[q] = z[q][u];
        multiply_outer<R, C>(&y[0][u], 4, along, sum);
      }
    }
    a += 4;
    if constexpr (!swizzled) b += 4;
  }
  if (end < terms) return;
#pragma unroll
  for (int s = whole; s < terms; ++s) {
    float x[R], y[R], w[C], z[C];
#pragma unroll
    for (int i = 0; i < R; ++i) {
      x[i] = a[down * i * a_stride + s - whole];
      if constexpr (two) y[i] = a[to_c + down * i * a_stride + s - whole];
    }
#pragma unroll
    for (int q = 0; q < C; ++q) {
      w[q] = b[backward_row<Product>(q) + s - whole];
      if constexpr (two) z[q] = b[to_d + backward_row<Product>(q) + s - whole];
    }
    multiply_outer<R, C>(x, 1, w, sum);
    if constexpr (two) multiply_outer<R, C>(y, 1, z, sum);
  }
}

/// sum[n][i][q] += sum over r < rows of a[r][m] b[r][j] (+ c[r][m] d[r][j]), for the rows m of a weight's
/// tile and the columns j of its strips `strip` + n. The number of rows is the task's own: a term of zero
/// could change the sign of a zero.
template <FixedTile tile, bool two, int a_stride, int b_stride, int strips>
__device__ __forceinline__ void weight_product(const float* a, const float* b, const float* c, const float* d,
                                               int rows, FixedPlace at, int strip,
                                               float (&sum)[strips][tile.rows][tile.columns]) {
  constexpr int R = tile.rows, C = tile.columns;
  using Rows = LaneColumns<R, tile.down>;
  using Columns = LaneColumns<C, tile.across>;
  const auto to_c = two ? c - a : 0, to_d = two ? d - b : 0;  // constants
  a = opaque_shared(a + Rows::first(at.row));
  b = opaque_shared(b + Columns::first(at.column) + strip * tile.strip_width());
  const auto rest_a = Rows::rest(at.row);
  const auto rest_b = Columns::rest(at.column);
  // Enough multiply-adds in a round to wait for its loads once.
  [[maybe_unused]] constexpr int of_row = R * C * strips * (two ? 2 : 1), unroll = of_row <= 16   ? 8
                                                                                   : of_row <= 32 ? 4
                                                                                                  : 2;
#pragma unroll unroll
  for (int r = 0; r < rows; ++r) {
    float x[R], w[strips][C], y[R], z[strips][C];
    Rows::load_at(a, rest_a, x);
#pragma unroll
    for (int n = 0; n < strips; ++n) Columns::load_at(b + n * tile.strip_width(), rest_b, w[n]);
    if constexpr (two) {
      Rows::load_at(a + to_c, rest_a, y);
#pragma unroll
      for (int n = 0; n < strips; ++n) Columns::load_at(b + to_d + n * tile.strip_width(), rest_b, z[n]);
    }
    a += a_stride;
    b += b_stride;
#pragma unroll
    for (int n = 0; n < strips; ++n) {
      multiply_outer<R, C>(x, 1, w[n], sum[n]);
      if constexpr (two) multiply_outer<R, C>(y, 1, z[n], sum[n]);
    }
  }
}

}  // namespace shoal::kernels
