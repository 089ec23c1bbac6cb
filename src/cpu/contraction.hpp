// SPDX-License-Identifier: Apache-2.0
// The one dense kernel of the cpu backend: every matrix product of a forward, backward or second-order pass
// is
//
//   out[r][j] = start[r][j] + sum_s a[r][s] b[s][j]              (one product)
//   out[r][j] = start[r][j] + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])   (two products, R-operator passes)
//
// where each element of out and b is a vector. The sum runs over s in index order as fused multiply-adds,
// first a b then c d (contract N2); tiles cut r and j, and a sum that pauses in memory goes on from there, so
// tile shapes change speed and never a bit.
//
// With lanes = tasks a weight is used once per row, so a tile of 5 x 5 outputs brings loads to 0.4 per
// multiply-add; 25 accumulators, 5 operands and one more fill the 32 registers of AVX-512. AVX2 has 16: 4
// x 3. Tried: 6 x 4 and 8 x 3 (the same), 1 x 8 without row blocking (half the speed from 40 x 40 up, bound
// by L2 loads).
//
// With lanes = units the vectors run along j and a[r][s] is one float for all lanes. A panel of four columns
// of b (AVX-512) is cut into pieces that stay in the first-level cache while all rows go past it, six at a
// time: 24 accumulators, 10 loads to 24 multiply-adds.
#pragma once

#include <cstddef>

namespace shoal::cpu {

/// Which index of each operand is contiguous; all others take a run-time stride.
enum class Walk {
  forward,   ///< a[r][s] unit in s, b[s][j] unit in j: Z = A W
  backward,  ///< a[r][s] unit in s, b[s][j] unit in s: dA = dZ W^T; lanes = tasks only
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
    const V* row = p.a + (walk == Walk::weights ? s : r) * p.a_stride;
    const int column = walk == Walk::weights ? r : s;
    if constexpr (L::units)
      return V(reinterpret_cast<const float*>(row)[column]);
    else
      return row[column];
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

  /// Adds the terms from `begin` up to `end`.
  template <int R, int J, bool two>
  static __attribute__((noinline)) void run(const Contraction<V>& c, int r0, int j0, int begin, int end) {
    V acc[R][J];
    const Start start = begin == 0 ? c.start : Start::output;
    V* out = c.out + r0 * c.out_stride + j0;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
      for (int j = 0; j < J; ++j)
        acc[r][j] = start == Start::zero     ? V(0.0f)
                    : start == Start::column ? c.column_start[j0 + j]
                                             : out[r * c.out_stride + j];
    const int common = walk == Walk::weights && !L::units ? c.common_terms : end;
    const Product<V> first = c.first, second = c.second;
    for (int s = begin; s < common; ++s) {
      step<R, J, false>(acc, first, r0, j0, s, typename L::M{});
      if constexpr (two) step<R, J, false>(acc, second, r0, j0, s, typename L::M{});
    }
    if constexpr (walk == Walk::weights && !L::units) {
      for (int s = common; s < end; ++s) {
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
    for (; j + wide <= c.columns; j += wide) run<R, wide, two>(c, r0, j, 0, c.terms);
    for (; j + 2 <= c.columns; j += 2) run<R, 2, two>(c, r0, j, 0, c.terms);
    for (; j < c.columns; ++j) run<R, 1, two>(c, r0, j, 0, c.terms);
  }

  template <bool two>
  static void all(const Contraction<V>& c) {
    int r = 0;
    if (c.columns == 1)
      for (; r + 2 * L::tile_rows <= c.rows; r += 2 * L::tile_rows)
        run<2 * L::tile_rows, 1, two>(c, r, 0, 0, c.terms);
    for (; r + L::tile_rows <= c.rows; r += L::tile_rows) columns<L::tile_rows, two>(c, r);
    for (; r + 2 <= c.rows; r += 2) columns<2, two>(c, r);
    for (; r < c.rows; ++r) columns<1, two>(c, r);
  }

  /// Lanes = units: J columns of all rows, piece by piece of the sum.
  template <int J, bool two>
  static void panel(const Contraction<V>& c, int j) {
    constexpr int tile = L::accumulators / J < most_rows ? L::accumulators / J : most_rows;
    constexpr int depth = panel_bytes / static_cast<int>(J * sizeof(V)) / (two ? 2 : 1);
    const int pieces = c.terms > depth ? (c.terms + depth - 1) / depth : 1;
    const int piece = (c.terms + pieces - 1) / pieces;
    for (int s = 0, i = 0; i < pieces; ++i, s += piece) {
      const int end = s + piece < c.terms ? s + piece : c.terms;
      int r = 0;
      for (; r + tile <= c.rows; r += tile) run<tile, J, two>(c, r, j, s, end);
      for (; r + 4 <= c.rows; r += 4) run<4, J, two>(c, r, j, s, end);
      for (; r + 2 <= c.rows; r += 2) run<2, J, two>(c, r, j, s, end);
      for (; r < c.rows; ++r) run<1, J, two>(c, r, j, s, end);
    }
  }

  template <int J, bool two>
  static void panels(const Contraction<V>& c, int j) {
    for (; j + J <= c.columns; j += J) panel<J, two>(c, j);
    if constexpr (J > 1)
      if (j < c.columns) panels<J - 1, two>(c, j);
  }

  static constexpr int most_rows = 12;           ///< of a tile with few columns
  static constexpr int panel_bytes = 24 * 1024;  ///< of b that stay in the first-level cache
};

template <class L, Walk walk>
void contract(const Contraction<typename L::V>& c) {
  if constexpr (L::units) {
    static_assert(walk != Walk::backward);
    if (c.second.a)
      Tile<L, walk>::template panels<L::panel_columns, true>(c, 0);
    else
      Tile<L, walk>::template panels<L::panel_columns, false>(c, 0);
  } else if (c.second.a) {
    Tile<L, walk>::template all<true>(c);
  } else {
    Tile<L, walk>::template all<false>(c);
  }
}

}  // namespace shoal::cpu
