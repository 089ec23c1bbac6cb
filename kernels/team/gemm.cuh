// SPDX-License-Identifier: Apache-2.0
// The matrix product of the warp and block regimes, computed by a team with every sum in index order,
//
//   v[r][j] = start + sum_s a[r][s] b[s][j]                             (one product)
//   v[r][j] = start + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])         (two: R-operator passes)
//
// as fused multiply-adds, first a b, then c d (contract N2). The team splits r and j, never s, so that the
// shape of tiles and the number of threads change speed and no bit. Oracle: src/cpu/gemm.hpp, which has the
// same sums (tests/cuda).
//
// An epilogue decides what is done with an output: its start4/start1 return the value that the sum starts
// with, its finish/finish1 take the sum from the registers. For small and narrow products (a layer with one
// output), one output per thread is cheapest.
#pragma once

#include "kernels/team/padding.hpp"
#include "kernels/team/team.cuh"
#include "kernels/team/tile.cuh"
#include "kernels/team/width.hpp"

namespace shoal::kernels {

struct TeamGemm {
  TeamGemmOperands first{}, second{};  ///< the second may be absent
  int rows = 0;
  const TeamWidth* columns = nullptr;
  int terms = 0;
};

/// Reads the operands of one output, along its sum.
template <GemmLayout layout>
class DotProductOperands {
 public:
  __device__ __forceinline__ DotProductOperands(const float* shared, const TeamGemmOperands& p, int r, int j)
      : a_(shared + p.a + (layout == GemmLayout::tn ? r : r * p.a_stride)),
        b_(shared + p.b + (layout == GemmLayout::nt ? j * p.b_stride : j)),
        a_step_(layout == GemmLayout::tn ? p.a_stride : 1),
        b_step_(layout == GemmLayout::nt ? 1 : p.b_stride) {}

  /// Loads four terms of both operands; one access loads four if the operand is contiguous along the sum.
  __device__ __forceinline__ void load(float (&a)[4], float (&b)[4]) {
    load_terms<layout != GemmLayout::tn>(a_, a_step_, a);
    load_terms<layout == GemmLayout::nt>(b_, b_step_, b);
  }
  __device__ __forceinline__ float accumulate(float sum) {
    const float result = fma(*a_, *b_, sum);
    a_ += a_step_;
    b_ += b_step_;
    return result;
  }

 private:
  template <bool contiguous>
  static __device__ __forceinline__ void load_terms(const float*& from, int step, float (&to)[4]) {
    if constexpr (contiguous) {
      load4(from, to);
      from += 4;
    } else {
#pragma unroll
      for (float& value : to) {
        value = *from;
        from += step;
      }
    }
  }

  const float *a_, *b_;
  int a_step_, b_step_;
};

template <GemmLayout layout, bool two>
__device__ __forceinline__ float add_one(const float* shared, const TeamGemm& c, int r, int j, float sum) {
  DotProductOperands<layout> first(shared, c.first, r, j), second(shared, two ? c.second : c.first, r, j);
  int s = 0;
#pragma unroll 1
  for (; s + 4 <= c.terms; s += 4) {
    float a[4], b[4], d[4], e[4];
    first.load(a, b);
    if constexpr (two) second.load(d, e);
#pragma unroll
    for (int u = 0; u < 4; ++u) {
      sum = fma(a[u], b[u], sum);
      if constexpr (two) sum = fma(d[u], e[u], sum);
    }
  }
#pragma unroll 1
  for (; s < c.terms; ++s) {
    sum = first.accumulate(sum);
    if constexpr (two) sum = second.accumulate(sum);
  }
  return sum;
}

template <GemmLayout layout, bool two, int R, int C, class Epilogue>
__device__ __forceinline__ void gemm_tiles(const Team& team, const float* shared, const TeamGemm& c,
                                           Epilogue& epilogue) {
  const auto across = c.columns->groups<C>();
  const int down = (c.rows + R - 1) / R;
  for (int t = team.rank; t < down * across.by; t += team.size) {
    TeamTile<layout, R, C> tile{
        .down = down, .across = across.by, .rows = c.rows, .columns = c.columns->size};
    across.tile_position(t, down, tile.g, tile.h);
    float sum[R][C];
#pragma unroll
    for (int i = 0; i < R; ++i)
#pragma unroll
      for (int q = 0; q < C; ++q) sum[i][q] = 0.0f;
    if constexpr (layout != GemmLayout::nt) {
#pragma unroll
      for (int i = 0; i < R; ++i)
#pragma unroll
        for (int q = 0; q < C; q += 4)
          if (tile.has_row(i) && tile.has_column(q)) epilogue.start4(tile.row(i), tile.column(q), &sum[i][q]);
    }
    tile.template add<two>(shared, c.first, c.second, c.terms, sum);
    epilogue.finish(tile, sum);
  }
}

template <GemmLayout layout, bool two, class Epilogue>
__device__ __forceinline__ void gemm_by_team(const Team& team, const float* shared, const TeamGemm& c,
                                             Epilogue& epilogue) {
  // Cycles of a step along the sums, as shared memory limits them: see kernels/team/tile.cuh.
  const auto cost = [&](int tiles, int cycles) {
    return ((tiles + team.size - 1) >> team.log2_size) * cycles;
  };
  constexpr bool squares = layout == GemmLayout::tn && !two;  // two products at 8 x 8 need too many registers
  const int down4 = (c.rows + 3) / 4, down8 = (c.rows + 7) / 8;
  const int one = cost(c.rows * c.columns->size, 2), small = cost(down4 * c.columns->quads.by, 8),
            wide = cost(down4 * c.columns->octets.by, 12),
            large = squares ? cost(down8 * c.columns->octets.by, 16) : wide;
  const int tiled = small < wide ? small : wide, least = tiled < large ? tiled : large;
  if (one <= least) {
    for (int t = team.rank; t < c.rows * c.columns->size; t += team.size) {
      const int r = c.columns->singles.divide(t), j = t - r * c.columns->size;
      epilogue.finish1(r, j, add_one<layout, two>(shared, c, r, j, epilogue.start1(r, j)));
    }
  } else if (small == least) {
    gemm_tiles<layout, two, 4, 4>(team, shared, c, epilogue);
  } else if (wide == least) {
    gemm_tiles<layout, two, 4, 8>(team, shared, c, epilogue);
  } else {
    if constexpr (squares) gemm_tiles<layout, two, 8, 8>(team, shared, c, epilogue);
  }
}

/// Computes the whole product by the team, without a barrier; `shared` is the team's memory. gemm_one() uses
/// the first operands only, gemm_one_or_two() both pairs where the second is present.
template <GemmLayout layout, class Epilogue>
__device__ __forceinline__ void gemm_one(const Team& team, const float* shared, const TeamGemm& c,
                                         Epilogue epilogue) {
  gemm_by_team<layout, false>(team, shared, c, epilogue);
}
template <GemmLayout layout, class Epilogue>
__device__ __forceinline__ void gemm_one_or_two(const Team& team, const float* shared, const TeamGemm& c,
                                                Epilogue epilogue) {
  if (c.second.a >= 0)
    gemm_by_team<layout, true>(team, shared, c, epilogue);
  else
    gemm_by_team<layout, false>(team, shared, c, epilogue);
}

}  // namespace shoal::kernels
