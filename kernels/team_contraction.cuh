// SPDX-License-Identifier: Apache-2.0
// The dense kernel of the cuda backend: a team's matrix product with every sum in index order,
//
//   v[r][j] = start + sum_s a[r][s] b[s][j]                             (one product)
//   v[r][j] = start + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])         (two: R-operator passes)
//
// as fused multiply-adds, first a b, then c d (contract N2). The team splits r and j, never s, so the shape
// of tiles and the number of threads change speed and no bit: the same sums as src/cpu/contraction.hpp, which
// is its oracle (tests/cuda).
//
// What becomes of an output is up to a sink: start4/start1 give where its sum begins, finish/finish1 take it
// out of the registers. Small and narrow products (a layer with one output) are cheapest with one output per
// thread.
#pragma once

#include "kernels/team.cuh"
#include "kernels/team_padding.hpp"
#include "kernels/team_tile.cuh"
#include "kernels/team_width.hpp"

namespace shoal::kernels {

struct TeamContraction {
  TeamProduct first{}, second{};  ///< the second may be absent
  int rows = 0;
  const TeamWidth* columns = nullptr;
  int terms = 0;
};

/// The operands of one output on the way along its sum.
template <TeamWalk walk>
class TeamChain {
 public:
  __device__ __forceinline__ TeamChain(const float* fast, const TeamProduct& p, int r, int j)
      : a_(fast + p.a + (walk == TeamWalk::weights ? r : r * p.a_stride)),
        b_(fast + p.b + (walk == TeamWalk::backward ? j * p.b_stride : j)),
        a_step_(walk == TeamWalk::weights ? p.a_stride : 1),
        b_step_(walk == TeamWalk::backward ? 1 : p.b_stride) {}

  /// Four terms, the fours of an operand that is contiguous along the sum with one access.
  __device__ __forceinline__ void load(float (&a)[4], float (&b)[4]) {
    take<walk != TeamWalk::weights>(a_, a_step_, a);
    take<walk == TeamWalk::backward>(b_, b_step_, b);
  }
  __device__ __forceinline__ float onto(float sum) {
    const float result = fma(*a_, *b_, sum);
    a_ += a_step_;
    b_ += b_step_;
    return result;
  }

 private:
  template <bool contiguous>
  static __device__ __forceinline__ void take(const float*& from, int step, float (&to)[4]) {
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

template <TeamWalk walk, bool two>
__device__ __forceinline__ float add_one(const float* fast, const TeamContraction& c, int r, int j,
                                         float sum) {
  TeamChain<walk> first(fast, c.first, r, j), second(fast, two ? c.second : c.first, r, j);
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
    sum = first.onto(sum);
    if constexpr (two) sum = second.onto(sum);
  }
  return sum;
}

template <TeamWalk walk, bool two, int R, int C, class Sink>
__device__ __forceinline__ void contract_tiles(const Team& team, const float* fast, const TeamContraction& c,
                                               Sink& sink) {
  const auto across = c.columns->groups<C>();
  const int down = (c.rows + R - 1) / R;
  for (int t = team.rank; t < down * across.by; t += team.size) {
    TeamTile<walk, R, C> tile{.down = down, .across = across.by, .rows = c.rows, .columns = c.columns->size};
    across.place(t, down, tile.g, tile.h);
    float sum[R][C];
#pragma unroll
    for (int i = 0; i < R; ++i)
#pragma unroll
      for (int q = 0; q < C; ++q) sum[i][q] = 0.0f;
    if constexpr (walk != TeamWalk::backward) {
#pragma unroll
      for (int i = 0; i < R; ++i)
#pragma unroll
        for (int q = 0; q < C; q += 4)
          if (tile.has_row(i) && tile.has_column(q)) sink.start4(tile.row(i), tile.column(q), &sum[i][q]);
    }
    tile.template add<two>(fast, c.first, c.second, c.terms, sum);
    sink.finish(tile, sum);
  }
}

template <TeamWalk walk, bool two, class Sink>
__device__ __forceinline__ void contract_by_team(const Team& team, const float* fast,
                                                 const TeamContraction& c, Sink& sink) {
  // Cycles of a step along the sums, by what shared memory delivers: see kernels/team_tile.cuh.
  const auto cost = [&](int tiles, int cycles) {
    return ((tiles + team.size - 1) >> team.log2_size) * cycles;
  };
  constexpr bool squares =
      walk == TeamWalk::weights && !two;  // two products at 8 x 8 want too many registers
  const int down4 = (c.rows + 3) / 4, down8 = (c.rows + 7) / 8;
  const int one = cost(c.rows * c.columns->size, 2), small = cost(down4 * c.columns->quads.by, 8),
            wide = cost(down4 * c.columns->octets.by, 12),
            large = squares ? cost(down8 * c.columns->octets.by, 16) : wide;
  const int tiled = small < wide ? small : wide, least = tiled < large ? tiled : large;
  if (one <= least) {
    for (int t = team.rank; t < c.rows * c.columns->size; t += team.size) {
      const int r = c.columns->singles.divide(t), j = t - r * c.columns->size;
      sink.finish1(r, j, add_one<walk, two>(fast, c, r, j, sink.start1(r, j)));
    }
  } else if (small == least) {
    contract_tiles<walk, two, 4, 4>(team, fast, c, sink);
  } else if (wide == least) {
    contract_tiles<walk, two, 4, 8>(team, fast, c, sink);
  } else {
    if constexpr (squares) contract_tiles<walk, two, 8, 8>(team, fast, c, sink);
  }
}

/// The whole product by the team, whose memory `fast` is, without a barrier: of the first operands alone, or
/// of two where there are two.
template <TeamWalk walk, class Sink>
__device__ __forceinline__ void contract_one(const Team& team, const float* fast, const TeamContraction& c,
                                             Sink sink) {
  contract_by_team<walk, false>(team, fast, c, sink);
}
template <TeamWalk walk, class Sink>
__device__ __forceinline__ void contract_one_or_two(const Team& team, const float* fast,
                                                    const TeamContraction& c, Sink sink) {
  if (c.second.a >= 0)
    contract_by_team<walk, true>(team, fast, c, sink);
  else
    contract_by_team<walk, false>(team, fast, c, sink);
}

}  // namespace shoal::kernels
