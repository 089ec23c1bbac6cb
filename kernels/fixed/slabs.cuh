// SPDX-License-Identifier: Apache-2.0
// Slabs: parts of matrices of rows that lie in global memory, copied to shared memory one after another while
// the lanes work on the part before. A slab has some columns of all rows, where a product sums along rows, or
// some rows with all their columns, where it sums over rows. There are two slabs: while one is read, the next
// one arrives. Sums take the slabs in index order, so that nothing tells them from sums over whole matrices.
//
// The first copies start at once. Since the last slab of the loop before has been read, and since what is
// copied has been written, a barrier of the task's lanes must have passed.
#pragma once

#include "kernels/device/async_copy.cuh"
#include "kernels/fixed/products.cuh"
#include "kernels/fixed/state.cuh"

namespace shoal::kernels {

/// Columns of a slab that has them of `matrices` matrices.
SHOAL_HD constexpr int slab_columns(const FixedPlan& plan, int matrices) {
  const int most = matrices * plan.held_rows * slab_stride(most_slab_columns);
  return most <= plan.slab_floats ? most_slab_columns : least_slab_columns;
}
/// Rows of a slab, `width` floats in all its matrices.
SHOAL_HD constexpr int slab_rows(const FixedPlan& plan, int width) {
  int rows = 16;
  while (rows > 1 && rows * width > plan.slab_floats) rows /= 2;
  return rows;
}

/// Starts to copy `rows` <= most_rows rows, of their `columns` columns those below `limit`.
template <int lanes, int stride, int to_stride, int columns, int most_rows>
__device__ __forceinline__ void copy_rows_async(int lane, const float* from, float* to, int rows, int limit) {
  constexpr int wide = stride % 4 == 0 && columns % 4 == 0 ? 4 : 1, words = columns / wide;
  if constexpr (lanes % words == 0) {  // all copies of a lane have one column
    constexpr int at_once = lanes / words;
    const int first = lane / words, column = lane % words * wide;
    if (column >= limit) return;
    to += first * to_stride + column;
    from += first * stride + column;
#pragma unroll
    for (int i = 0; i < parts_of(most_rows, at_once); ++i)
      if (first + at_once * i < rows)
        copy_async<4 * wide>(to + at_once * i * to_stride, from + at_once * i * stride);
  } else {
    for (int e = lane; e < rows * words; e += lanes)
      if (const int row = e / words, column = e % words * wide; column < limit)
        copy_async<4 * wide>(to + row * to_stride + column, from + row * stride + column);
  }
}

/// Calls use(slab, begin, end) for slabs with the columns begin .. end - 1 of a's rows and, `second` floats
/// further, of c's. Columns: `terms`.
template <FixedShape s, int terms, int stride, bool two, class Use>
__device__ __forceinline__ void for_slabs_of_columns(FixedState<s>& t, const float* a, const float* c,
                                                     int rows, Use use) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int columns = slab_columns(plan, two ? 2 : 1), to_stride = slab_stride(columns);
  [[maybe_unused]] constexpr int second = plan.held_rows * to_stride;
  constexpr int slabs = parts_of(terms, columns);
  const auto slab = [&](int n) { return t.shared + plan.slab + n % 2 * plan.slab_floats; };
  const auto start = [&](int n) {
    const int begin = columns * n;
    copy_rows_async<s.lanes, stride, to_stride, columns, s.rows>(t.lane, a + begin, slab(n), rows,
                                                                 terms - begin);
    if constexpr (two)
      copy_rows_async<s.lanes, stride, to_stride, columns, s.rows>(t.lane, c + begin, slab(n) + second, rows,
                                                                   terms - begin);
  };
  start(0);
#pragma unroll 1
  for (int n = 0; n < slabs; ++n) {
    wait_for_async<0>();
    t.sync();  // the slab has come, and nobody reads the other one any more
    if (n + 1 < slabs) start(n + 1);
    const int begin = columns * n, end = begin + columns;
    use(slab(n), begin, end < terms ? end : terms);
  }
}

/// Where the matrices of a slab of rows begin, in floats, and their strides: a and c are a_width wide, b and
/// d b_width, and a lies at the beginning.
template <FixedShape s, int a_width, int b_width, bool two>
struct SlabOfRows {
  static constexpr int a_stride = whole_words(a_width), b_stride = whole_words(b_width);
  static constexpr int rows = slab_rows(plan_of<s>, (two ? 2 : 1) * (a_stride + b_stride));
  static constexpr int b = rows * a_stride, c = b + rows * b_stride, d = c + rows * a_stride;
};

/// sum[i][q] += the sums of a product along rows: rows of `a` (and `c`) times a matrix of parameters b (and
/// d).
template <class Product, FixedShape s>
__device__ __forceinline__ void multiply_rows(FixedState<s>& t, const float* a, const float* b,
                                              const float* c, const float* d, int rows,
                                              float (&sum)[Product::tile.rows][Product::tile.columns]) {
  const auto add = [&](const float* x, const float* y, int begin, int end) {
    const FixedPlace at = t.template out_place<Product::out_layer>();
    if constexpr (Product::backward)
      backward_product<Product>(x, b, y, d, at, begin, end, sum);
    else
      forward_product<Product>(x, b, y, d, at, begin, end, sum);
  };
  if constexpr (Product::streamed) {
    constexpr int second = plan_of<s>.held_rows * Product::a_stride;
    for_slabs_of_columns<s, Product::terms, Product::from_stride, Product::two>(
        t, a, c, rows, [&](const float* slab, int begin, int end) { add(slab, slab + second, begin, end); });
  } else {
    add(a, c, 0, Product::terms);
  }
}

/// sum[n][i][q] += the sums over rows of a weight's gradient: of layer l's inputs `a` times `b` (and `c`
/// times `d`), for its strips `strip` + n.
template <int l, bool two, int strips, FixedShape s>
__device__ __forceinline__ void multiply_columns(
    FixedState<s>& t, const float* a, const float* b, const float* c, const float* d, int rows, int strip,
    float (&sum)[strips][FixedLayer<s, l>::weight_tile.rows][FixedLayer<s, l>::weight_tile.columns]) {
  using Y = FixedLayer<s, l>;
  constexpr FixedTile tile = Y::weight_tile;
  constexpr int b_stride = Y::row_stride;
  if constexpr (s.streamed && (l > 0 || plan_of<s>.streams_x)) {
    constexpr int a_stride = l > 0 ? Y::Below::plan.row_stride : s.inputs;
    constexpr int a_columns = l > 0 ? whole_words(tile.height()) : s.inputs;
    using Slab = SlabOfRows<s, tile.height(), tile.width(), two>;
    const auto slab = [&](int n) { return t.shared + plan_of<s>.slab + n % 2 * plan_of<s>.slab_floats; };
    const auto start = [&](int n) {
      const int first = Slab::rows * n, left = rows - first, count = left < Slab::rows ? left : Slab::rows;
      const auto copy_a = [&](const float* from, float* to) {
        copy_rows_async<s.lanes, a_stride, Slab::a_stride, a_columns, Slab::rows>(
            t.lane, from + first * a_stride, to, count, a_columns);
      };
      const auto copy_b = [&](const float* from, float* to) {
        copy_rows_async<s.lanes, b_stride, Slab::b_stride, Slab::b_stride, Slab::rows>(
            t.lane, from + first * b_stride, to, count, Slab::b_stride);
      };
      copy_a(a, slab(n));
      copy_b(b, slab(n) + Slab::b);
      if constexpr (two) {
        copy_a(c, slab(n) + Slab::c);
        copy_b(d, slab(n) + Slab::d);
      }
    };
    start(0);
#pragma unroll 1
    for (int n = 0; Slab::rows * n < rows; ++n) {
      wait_for_async<0>();
      t.sync();  // the slab has come, and nobody reads the other one any more
      if (Slab::rows * (n + 1) < rows) start(n + 1);
      const int left = rows - Slab::rows * n;
      const float* const from = slab(n);
      weight_product<tile, two, Slab::a_stride, Slab::b_stride, strips>(
          from, from + Slab::b, from + Slab::c, from + Slab::d, left < Slab::rows ? left : Slab::rows,
          t.template weight_place<l>(), strip, sum);
    }
  } else {
    constexpr int a_stride = l > 0 ? Y::Below::plan.row_stride : plan_of<s>.x_stride;
    weight_product<tile, two, a_stride, b_stride, strips>(a, b, c, d, rows, t.template weight_place<l>(),
                                                          strip, sum);
  }
}

}  // namespace shoal::kernels
