// SPDX-License-Identifier: Apache-2.0
// The matrix product of the cpu backend. Every product of a forward, backward or second-order pass is
//
//   out[r][j] = start[r][j] + sum_s a[r][s] b[s][j]              (one product)
//   out[r][j] = start[r][j] + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])   (two products, R-operator passes)
//
// where each element of out and b is a vector. The sum runs over s in index order as fused multiply-adds,
// first a b, then c d (contract N2). Tiles divide r and j; a sum that is stored in memory for a while
// continues from there. So tile shapes change speed and never a bit.
//
// An epilogue decides what is done with a finished sum: it is stored, or it is used as part of an inner step
// or of the backward pass while it is in a register (parameter_updates.hpp).
//
// With lanes = tasks a weight is used once per row, so a tile of 5 x 5 outputs brings the loads down to 0.4
// per multiply-add; 25 accumulators, 5 operands and one more fill the 32 registers of AVX-512. If the number
// of columns is a multiple of four and not of five, tiles of 6 x 4 leave no narrow tile at the edge. AVX2 has
// 16 registers: 3 x 4 or 4 x 3. Tried: 8 x 3 (the same speed), 1 x 8 without row blocking (half the speed
// from 40 x 40 up, limited by loads from L2).
//
// With lanes = units the vectors run along j, and a[r][s] is one float for all lanes. A panel of four columns
// of b (AVX-512) is divided into pieces that stay in the first-level cache while all rows are multiplied with
// them, six at a time: 24 accumulators, 10 loads for 24 multiply-adds.
//
// One call of run() computes a line of tiles, because a call per tile took a tenth of the time of short sums.
#pragma once

#include <cstddef>

#include "kernels/math/gemm_layout.hpp"

namespace shoal::cpu {

using kernels::GemmLayout;

/// The value that the sums of a tile start with.
enum class Start {
  zero,    ///< +0
  column,  ///< start[j], the same for every r (a bias)
  output,  ///< the contents of `out`
};

template <class V>
struct Product {
  const V* a = nullptr;
  std::ptrdiff_t a_stride = 0;  ///< stride of the index that is not contiguous
  const V* b = nullptr;
  std::ptrdiff_t b_stride = 0;
};

template <class V>
struct Gemm {
  Product<V> first, second;  ///< second.a null: one product
  int rows = 0, columns = 0, terms = 0;
  Start start = Start::zero;
  const V* column_start = nullptr;
  V* out = nullptr;
  std::ptrdiff_t out_stride = 0;             ///< between rows; columns are contiguous
  const std::int32_t* lane_terms = nullptr;  ///< for tn: lane w adds only the terms s < lane_terms[w]
  int common_terms = 0;                      ///< terms that every lane adds
};

/// The epilogue that stores sums in `out`. Other epilogues read them from `out`, a tile at a time. With lanes
/// = tasks they may also take them from registers, where `direct` says that one short operation per sum is
/// enough. `single_products`: none of their sums has two products.
template <class V>
struct StoreSum {
  static constexpr bool stores = true, single_products = false;
};

template <class L, GemmLayout layout, class Epilogue>
class Tiles {
 public:
  using V = typename L::V;

  Tiles(const Gemm<V>& problem, Epilogue& epilogue) : c_(problem), epilogue_(epilogue) {}

  void compute() {
    if constexpr (!Epilogue::single_products)
      if (c_.second.a) return compute_all<true>();
    compute_all<false>();
  }

 private:
  static V a(const Product<V>& p, int r, int s) {
    const V* row = p.a + (layout == GemmLayout::tn ? s : r) * p.a_stride;
    const int column = layout == GemmLayout::tn ? r : s;
    if constexpr (L::units)
      return V(reinterpret_cast<const float*>(row)[column]);
    else
      return row[column];
  }
  static V b(const Product<V>& p, int s, int j) {
    return layout == GemmLayout::nt ? p.b[j * p.b_stride + s] : p.b[s * p.b_stride + j];
  }

  /// acc += a[.][s] b[s][.]; with `masked`, lanes that have no more rows keep their sums. The loops must be
  /// unrolled so that the accumulators stay in registers; g++ 12 needs the pragmas for that.
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

  /// Adds the terms from `begin` up to `end` to a line of `tiles` tiles, side by side or one below the other
  /// (`down`).
  template <int R, int J, bool two, bool down = false>
  __attribute__((noinline)) void run(int r0, int j0, int begin, int end, int tiles = 1) {
    Epilogue epilogue = epilogue_;  // a copy, whose members stay in registers
    const Start start = begin == 0 ? c_.start : Start::output;
    const int common = layout == GemmLayout::tn && !L::units ? c_.common_terms : end;
    const Product<V> first = c_.first, second = c_.second;
    for (; tiles > 0; --tiles) {
      V acc[R][J];
      V* out = c_.out + r0 * c_.out_stride + j0;
      if (start == Start::zero) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
          for (int j = 0; j < J; ++j) acc[r][j] = V(0.0f);
      } else {
        const V* from = start == Start::column ? c_.column_start + j0 : out;
        const std::ptrdiff_t stride = start == Start::column ? 0 : c_.out_stride;
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
          for (int j = 0; j < J; ++j) acc[r][j] = from[r * stride + j];
      }
      for (int s = begin; s < common; ++s) {
        step<R, J, false>(acc, first, r0, j0, s, typename L::M{});
        if constexpr (two) step<R, J, false>(acc, second, r0, j0, s, typename L::M{});
      }
      if constexpr (layout == GemmLayout::tn && !L::units) {
        for (int s = common; s < end; ++s) {
          const typename L::M active = L::below(s, c_.lane_terms);
          step<R, J, true>(acc, first, r0, j0, s, active);
          if constexpr (two) step<R, J, true>(acc, second, r0, j0, s, active);
        }
      }
      bool taken = false;
      if constexpr (!L::units && !Epilogue::stores)
        if (epilogue.direct) {
#pragma GCC unroll 16
          for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
            for (int j = 0; j < J; ++j) epilogue(acc[r][j], out + r * c_.out_stride + j);
          taken = true;
        }
      if (!taken) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
          for (int j = 0; j < J; ++j) out[r * c_.out_stride + j] = acc[r][j];
        if constexpr (!L::units && !Epilogue::stores) epilogue.apply_to_tile(out, R, J, c_.out_stride, j0);
      }
      if constexpr (down)
        r0 += R;
      else
        j0 += J;
    }
    epilogue_ = epilogue;
  }

  // --- lanes = tasks: R rows of tiles ---
  template <int R, int J, bool two>
  void row_of_tiles(int r0) {
    constexpr int wide = R == 1 ? 2 * J : J;
    const int tiles = c_.columns / wide;
    if (tiles > 0) run<R, wide, two>(r0, 0, 0, c_.terms, tiles);
    int j = tiles * wide;
    for (; j + 2 <= c_.columns; j += 2) run<R, 2, two>(r0, j, 0, c_.terms);
    for (; j < c_.columns; ++j) run<R, 1, two>(r0, j, 0, c_.terms);
  }
  template <int R, int J, bool two>
  void grid_of_tiles() {
    int r = 0;
    for (; r + R <= c_.rows; r += R) row_of_tiles<R, J, two>(r);
    if constexpr (R > 4)
      if (r + 4 <= c_.rows) {
        row_of_tiles<4, J, two>(r);
        r += 4;
      }
    for (; r + 2 <= c_.rows; r += 2) row_of_tiles<2, J, two>(r);
    for (; r < c_.rows; ++r) row_of_tiles<1, J, two>(r);
  }
  template <bool two>
  void single_column() {
    constexpr int tall = 2 * L::tile_rows;
    int r = 0;
    for (; r + tall <= c_.rows; r += tall) run<tall, 1, two>(r, 0, 0, c_.terms);
    for (; r + 2 <= c_.rows; r += 2) run<2, 1, two>(r, 0, 0, c_.terms);
    for (; r < c_.rows; ++r) run<1, 1, two>(r, 0, 0, c_.terms);
  }

  // --- lanes = units: J columns of all rows, piece by piece of the sum ---
  template <int J, bool two>
  void panel(int j) {
    constexpr int tile = L::accumulators / J < most_rows ? L::accumulators / J : most_rows;
    constexpr int depth = panel_bytes / static_cast<int>(J * sizeof(V)) / (two ? 2 : 1);
    const int pieces = c_.terms > depth ? (c_.terms + depth - 1) / depth : 1;
    const int piece = (c_.terms + pieces - 1) / pieces, tiles = c_.rows / tile;
    for (int s = 0, i = 0; i < pieces; ++i, s += piece) {
      const int end = s + piece < c_.terms ? s + piece : c_.terms;
      if (tiles > 0) run<tile, J, two, true>(0, j, s, end, tiles);
      int r = tiles * tile;
      for (; r + 4 <= c_.rows; r += 4) run<4, J, two, true>(r, j, s, end);
      for (; r + 2 <= c_.rows; r += 2) run<2, J, two, true>(r, j, s, end);
      for (; r < c_.rows; ++r) run<1, J, two, true>(r, j, s, end);
    }
  }
  template <int J, bool two>
  void panels(int j) {
    for (; j + J <= c_.columns; j += J) panel<J, two>(j);
    if constexpr (J > 1)
      if (j < c_.columns) panels<J - 1, two>(j);
  }

  template <bool two>
  void compute_all() {
    if constexpr (L::units) {
      panels<L::panel_columns, two>(0);
    } else if (c_.columns == 1) {
      single_column<two>();
    } else {
      if constexpr (L::rows_of_four_columns > 0)
        if (c_.columns % 4 == 0 && c_.columns % L::tile_columns != 0)
          return grid_of_tiles<L::rows_of_four_columns, 4, two>();
      grid_of_tiles<L::tile_rows, L::tile_columns, two>();
    }
  }

  static constexpr int most_rows = 12;           ///< rows of a tile with few columns
  static constexpr int panel_bytes = 24 * 1024;  ///< bytes of b that stay in the first-level cache

  const Gemm<V>& c_;
  Epilogue& epilogue_;
};

template <class L, GemmLayout layout>
void gemm(const Gemm<typename L::V>& problem) {
  static_assert(!L::units || layout != GemmLayout::nt);
  StoreSum<typename L::V> store;
  Tiles<L, layout, StoreSum<typename L::V>>(problem, store).compute();
}

template <class L, GemmLayout layout, class Epilogue>
void gemm(const Gemm<typename L::V>& problem, Epilogue& epilogue) {
  if constexpr (Epilogue::stores) {
    gemm<L, layout>(problem);
  } else if constexpr (!L::units && L::updates_in_registers) {
    Tiles<L, layout, Epilogue>(problem, epilogue).compute();
  } else {  // a few columns at a time, so that the epilogue finds them in the cache
    constexpr int together = L::units ? L::panel_columns : 4 * L::tile_columns;
    for (int j = 0; j < problem.columns; j += together) {
      Gemm<typename L::V> panel = problem;
      panel.columns = problem.columns - j < together ? problem.columns - j : together;
      panel.first.b += j;
      if (panel.second.a) panel.second.b += j;
      if (panel.start == Start::column) panel.column_start += j;
      panel.out += j;
      gemm<L, layout>(panel);
      epilogue.apply_to_tile(panel.out, panel.rows, panel.columns, panel.out_stride, j);
    }
  }
}

}  // namespace shoal::cpu
