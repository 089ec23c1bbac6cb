// SPDX-License-Identifier: Apache-2.0
// The one dense kernel of the cpu backend: every matrix product of a forward, backward or second-order pass
// is
//
//   out[r][j] = start[r][j] + sum_s a[r][s] b[s][j]              (one product)
//   out[r][j] = start[r][j] + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])   (two products, R-operator passes)
//
// where each element is a vector over tasks. The sum runs over s in index order as fused multiply-adds, first
// a b then c d (contract N2); blocking is over r and j only, so tile shapes change speed and never a bit.
// With lanes = tasks a weight is used once per row, so a tile of 5 x 5 outputs brings loads to 0.4 per
// multiply-add; 25 accumulators, 5 operands and one more fill the 32 registers of AVX-512. AVX2 has 16: 4
// x 3. Tried: 6 x 4 and 8 x 3 (the same), 1 x 8 without row blocking (half the speed from 40 x 40 up, bound
// by L2 loads).
#pragma once

#include <cstddef>

namespace shoal::cpu {

/// Which index of each operand is contiguous; all others take a run-time stride.
enum class Walk {
  forward,   ///< a[r][s] unit in s, b[s][j] unit in j: Z = A W
  backward,  ///< a[r][s] unit in s, b[s][j] unit in s: dA = dZ W^T
  weights,   ///< a[r][s] unit in r, b[s][j] unit in j: dW = A^T dZ, sum over rows
};

/// How a tile starts.
enum class Start {
  zero,    ///< +0
  column,  ///< start[j], the same for every r (a bias)
  output,  ///< what `out` holds
};

template <class V>
struct Product {
  const V* a = nullptr;
  std::ptrdiff_t a_stride = 0;  ///< of the index that is not contiguous
  const V* b = nullptr;
  std::ptrdiff_t b_stride = 0;
};

template <class V>
struct Contraction {
  Product<V> first, second;  ///< second.a null: one product
  int rows = 0, columns = 0, terms = 0;
  Start start = Start::zero;
  const V* column_start = nullptr;
  V* out = nullptr;
  std::ptrdiff_t out_stride = 0;             ///< between rows; columns are contiguous
  const std::int32_t* lane_terms = nullptr;  ///< Walk::weights: lane w takes part in terms s < lane_terms[w]
  int common_terms = 0;                      ///< below it every lane takes part
};

template <class L, Walk walk>
struct Tile {
  using V = typename L::V;

  static V a(const Product<V>& p, int r, int s) {
    return walk == Walk::weights ? p.a[s * p.a_stride + r] : p.a[r * p.a_stride + s];
  }
  static V b(const Product<V>& p, int s, int j) {
    return walk == Walk::backward ? p.b[j * p.b_stride + s] : p.b[s * p.b_stride + j];
  }

  /// acc += a[.][s] b[s][.], plain or (lanes out of rows keep their sums) masked. The loops must be unrolled
  /// for the accumulators to live in registers; g++ 12 needs to be told.
  template <int R, int J, bool masked>
  static inline __attribute__((always_inline)) void step(V (&acc)[R][J], const Product<V>& p, int r0, int j0,
                                                         int s, typename L::M active) {
    V column[J];
#pragma GCC unroll 16
    for (int j = 0; j < J; ++j) column[j] = b(p, s, j0 + j);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const V row = a(p, r0 + r, s);
#pragma GCC unroll 16
      for (int j = 0; j < J; ++j) {
        const V sum = fma(row, column[j], acc[r][j]);
        acc[r][j] = masked ? select(active, sum, acc[r][j]) : sum;
      }
    }
  }

  template <int R, int J, bool two>
  static __attribute__((noinline)) void run(const Contraction<V>& c, int r0, int j0) {
    V acc[R][J];
    V* out = c.out + r0 * c.out_stride + j0;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int j = 0; j < J; ++j)
        acc[r][j] = c.start == Start::zero     ? V(0.0f)
                    : c.start == Start::column ? c.column_start[j0 + j]
                                               : out[r * c.out_stride + j];
    const int common = walk == Walk::weights ? c.common_terms : c.terms;
    const Product<V> first = c.first, second = c.second;
    for (int s = 0; s < common; ++s) {
      step<R, J, false>(acc, first, r0, j0, s, typename L::M{});
      if constexpr (two) step<R, J, false>(acc, second, r0, j0, s, typename L::M{});
    }
    if constexpr (walk == Walk::weights) {
      for (int s = common; s < c.terms; ++s) {
        const typename L::M active = L::below(s, c.lane_terms);
        step<R, J, true>(acc, first, r0, j0, s, active);
        if constexpr (two) step<R, J, true>(acc, second, r0, j0, s, active);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int j = 0; j < J; ++j) out[r * c.out_stride + j] = acc[r][j];
  }

  template <int R, bool two>
  static void columns(const Contraction<V>& c, int r0) {
    constexpr int wide = R == 1 ? 2 * L::tile_columns : L::tile_columns;
    int j = 0;
    for (; j + wide <= c.columns; j += wide) run<R, wide, two>(c, r0, j);
    for (; j + 2 <= c.columns; j += 2) run<R, 2, two>(c, r0, j);
    for (; j < c.columns; ++j) run<R, 1, two>(c, r0, j);
  }

  template <bool two>
  static void all(const Contraction<V>& c) {
    int r = 0;
    if (c.columns == 1)
      for (; r + 2 * L::tile_rows <= c.rows; r += 2 * L::tile_rows) run<2 * L::tile_rows, 1, two>(c, r, 0);
    for (; r + L::tile_rows <= c.rows; r += L::tile_rows) columns<L::tile_rows, two>(c, r);
    for (; r + 2 <= c.rows; r += 2) columns<2, two>(c, r);
    for (; r < c.rows; ++r) columns<1, two>(c, r);
  }
};

template <class L, Walk walk>
void contract(const Contraction<typename L::V>& c) {
  if (c.second.a)
    Tile<L, walk>::template all<true>(c);
  else
    Tile<L, walk>::template all<false>(c);
}

}  // namespace shoal::cpu
