// SPDX-License-Identifier: Apache-2.0
// The work on the rows of one layer that is no matrix product: activations and their derivatives in the
// forward pass, the backward pass and the R-pass; sums over rows; and a last layer with a single output.
//
// Elementwise functions take their operand as a function: from(r, j, e) gives the value of element e = (r,
// j). It reads memory or, where the product before it has a single term, computes the value on the spot, with
// the bits of that product.
#pragma once

#include "cpu/gemm.hpp"
#include "cpu/row_block.hpp"
#include "kernels/math/choices.hpp"

namespace shoal::cpu {

#define SHOAL_INLINE __attribute__((always_inline))

/// What a tape is used for: gradients only, or Hessian-vector products too.
enum class TapeUse { gradients, hessian };

template <class L>
class LayerRows {
 public:
  using V = typename L::V;
  using M = typename L::M;

  explicit LayerRows(const Network& net) : net_(net) {}

  bool curved() const { return kernels::is_curved(net_.activation); }

  /// Calls use(r, j, e) for every vector e = (r, j) of a matrix [rows, n].
  template <class Use>
  static inline SHOAL_INLINE void each_cell(int rows, int n, Use use) {
    const int count = L::vectors(n), stride = L::stride(n);
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < count; ++j) use(r, j, r * stride + j);
  }

  /// For a matrix of one column: the value of row r in all lanes of its task.
  static inline SHOAL_INLINE V spread(const V* column, int r, int stride) {
    if constexpr (L::units)
      return V(reinterpret_cast<const float*>(column + std::ptrdiff_t{r} * stride)[0]);
    else
      return column[std::ptrdiff_t{r} * stride];
  }

  /// a = f(z) for z = from. Derivatives that do not follow from a are stored, those that `use` needs.
  template <class From>
  void activate(const Tape<L>& tape, int layer, int rows, TapeUse use, From from) const {
    V* a = tape.activation(layer);
    const int width = net_.layers[layer].outputs;
    kernels::with_activation<L>(net_.activation, [&]<class F>(F) {
      if constexpr (F::from_value) {
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE { a[e] = F::value(from(r, j, e)); });
      } else {
        V* slope = tape.slope(layer);
        V* curvature = tape.curvature(layer);
        if (use == TapeUse::gradients)
          each_cell(rows, width,
                    [&](int r, int j, int e) SHOAL_INLINE { F::slope(from(r, j, e), a[e], slope[e]); });
        else
          each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
            F::curvature(from(r, j, e), a[e], slope[e], curvature[e]);
          });
      }
    });
  }

  /// Computes dL/dz of a hidden layer for dL/da = from, and dL/da f'' for Hessian-vector products.
  template <class From>
  void activate_backward(const Tape<L>& tape, int layer, int rows, TapeUse use, From from) const {
    V* delta = tape.delta(layer);
    const int width = net_.layers[layer].outputs;
    kernels::with_activation<L>(net_.activation, [&]<class F>(F) {
      const V* a = tape.activation(layer);
      const V* slope = F::from_value ? nullptr : tape.slope(layer);
      V* curvature = F::curved ? tape.curvature(layer) : nullptr;
      if (F::curved && use == TapeUse::hessian) {
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
          const V da = from(r, j, e), d1 = slope_at<F>(a, slope, e);
          delta[e] = da * d1;
          if constexpr (F::from_value)
            curvature[e] = da * F::second_derivative_of(a[e], d1);
          else
            curvature[e] = da * curvature[e];
        });
      } else {
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
          delta[e] = from(r, j, e) * slope_at<F>(a, slope, e);
        });
      }
    });
  }

  /// R{a} = f' R{z} for R{z} = from. Stores R{z} in `r_sum` unless it is null.
  template <class From>
  void r_activate(const Tape<L>& tape, int layer, int rows, V* r_activation, V* r_sum, From from) const {
    const int width = net_.layers[layer].outputs;
    kernels::with_activation<L>(net_.activation, [&]<class F>(F) {
      const V* a = tape.activation(layer);
      const V* slope = F::from_value ? nullptr : tape.slope(layer);
      if (F::curved && r_sum) {
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
          const V rz = from(r, j, e);
          r_sum[e] = rz;
          r_activation[e] = rz * slope_at<F>(a, slope, e);
        });
      } else {
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
          r_activation[e] = from(r, j, e) * slope_at<F>(a, slope, e);
        });
      }
    });
  }

  /// R{dL/dz} = fma(R{dL/da}, f', (dL/da f'') R{z}) for R{dL/da} = from and R{z} = r_sum. A null `r_sum`
  /// means R{z} = 0.
  template <class From>
  void r_activate_backward(const Tape<L>& tape, int layer, int rows, const V* r_sum, V* r_delta,
                           From from) const {
    const int width = net_.layers[layer].outputs;
    kernels::with_activation<L>(net_.activation, [&]<class F>(F) {
      const V* a = tape.activation(layer);
      const V* slope = F::from_value ? nullptr : tape.slope(layer);
      if (F::curved && r_sum) {
        const V* curvature = tape.curvature(layer);
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
          r_delta[e] = fma(from(r, j, e), slope_at<F>(a, slope, e), curvature[e] * r_sum[e]);
        });
      } else {
        each_cell(rows, width, [&](int r, int j, int e) SHOAL_INLINE {
          r_delta[e] = from(r, j, e) * slope_at<F>(a, slope, e);
        });
      }
    });
  }

  /// Sums the columns of `values` [rows, columns] over the block's rows, starting with zero or with `out`,
  /// and hands the sums to the epilogue.
  template <class Epilogue>
  static void sum_rows(V* out, int columns, const RowBlock<L>& block, bool begins, const V* values,
                       Epilogue& epilogue) {
    const int count = L::vectors(columns), stride = L::stride(columns);
    int j = 0;
    for (; j + 8 <= count; j += 8) sum_columns<8>(out, j, stride, block, begins, values);
    for (; j + 4 <= count; j += 4) sum_columns<4>(out, j, stride, block, begins, values);
    for (; j < count; ++j) sum_columns<1>(out, j, stride, block, begins, values);
    if constexpr (!Epilogue::stores) epilogue.apply_to_tile(out, 1, count, count, 0);
  }

  /// For lanes = units and one output: out[r] = start + sum_s (first.a[r][s] first.b[s] + ...), one chain of
  /// scalars per row, twelve rows at a time; b is a row of floats. Each vector of `out` holds its value in
  /// the first lane.
  static void dot_rows(V* out, int rows, float start, Product<V> first, Product<V> second, int terms) {
    int r = 0;
    if (!first.a)
      for (; r < rows; ++r) reinterpret_cast<float*>(out + std::ptrdiff_t{r} * L::stride(1))[0] = start;
    for (; r + 12 <= rows; r += 12) dots<12>(out, r, start, first, second, terms);
    for (; r + 4 <= rows; r += 4) dots<4>(out, r, start, first, second, terms);
    for (; r < rows; ++r) dots<1>(out, r, start, first, second, terms);
  }

 private:
  template <class F>
  static inline SHOAL_INLINE V slope_at(const V* a, const V* slope, int e) {
    if constexpr (F::from_value)
      return F::slope_of(a[e]);
    else
      return slope[e];
  }

  template <int J>
  static void sum_columns(V* out, int j0, int stride, const RowBlock<L>& block, bool begins,
                          const V* values) {
    V sum[J];
#pragma GCC unroll 8
    for (int j = 0; j < J; ++j) sum[j] = begins ? V(0.0f) : out[j0 + j];
    const V* row = values + j0;
    for (int r = 0; r < block.common_rows; ++r, row += stride)
#pragma GCC unroll 8
      for (int j = 0; j < J; ++j) sum[j] = sum[j] + row[j];
    for (int r = block.common_rows; r < block.rows; ++r, row += stride) {  // lanes = tasks
      const M active = L::below(r, block.lane_rows);
#pragma GCC unroll 8
      for (int j = 0; j < J; ++j) sum[j] = select(active, sum[j] + row[j], sum[j]);
    }
#pragma GCC unroll 8
    for (int j = 0; j < J; ++j) out[j0 + j] = sum[j];
  }

  template <int R>
  static void dots(V* out, int r0, float start, const Product<V>& first, const Product<V>& second,
                   int terms) {
    if (second.a)
      dots<R, true>(out, r0, start, first, second, terms);
    else
      dots<R, false>(out, r0, start, first, second, terms);
  }
  template <int R, bool two>
  static void dots(V* out, int r0, float start, const Product<V>& first, const Product<V>& second,
                   int terms) {
    const auto* a = reinterpret_cast<const float*>(first.a + r0 * first.a_stride);
    const auto* b = reinterpret_cast<const float*>(first.b);
    const auto* c = two ? reinterpret_cast<const float*>(second.a + r0 * second.a_stride) : nullptr;
    const auto* d = reinterpret_cast<const float*>(second.b);
    const std::ptrdiff_t a_row = first.a_stride * L::width, c_row = second.a_stride * L::width;
    float sum[R];
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) sum[i] = start;
    for (int s = 0; s < terms; ++s) {
#pragma GCC unroll 16
      for (int i = 0; i < R; ++i) {
        sum[i] = kernels::fma(a[i * a_row + s], b[s], sum[i]);
        if (two) sum[i] = kernels::fma(c[i * c_row + s], d[s], sum[i]);
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i)
      reinterpret_cast<float*>(out + std::ptrdiff_t{r0 + i} * L::stride(1))[0] = sum[i];
  }

  const Network& net_;
};

}  // namespace shoal::cpu
