// SPDX-License-Identifier: Apache-2.0
// The dense kernel of the cuda backend: a team's matrix product with every sum in index order,
//
//   out[r][j] = start + sum_s a[r][s] b[s][j]                             (one product)
//   out[r][j] = start + sum_s (a[r][s] b[s][j] + c[r][s] d[s][j])         (two: R-operator passes)
//
// as fused multiply-adds, first a b, then c d (contract N2). The team splits r and j, never s, so the shape
// of tiles and the number of threads change speed and no bit: the same sums as src/cpu/contraction.hpp, which
// is its oracle (tests/cuda).
//
// A thread owns tiles of 4 x 4 outputs. Per step of s that is 16 multiply-adds for 8 operands, and all loads
// are 16 bytes wide along whatever index is contiguous: 2 loads and about 3 shared-memory wavefronts per 16
// multiply-adds of a warp, which leaves it bound by arithmetic. Rows have padded strides (an odd number of
// 16-byte words), so threads that read the same columns of neighbouring rows touch different banks. Narrow
// products (a layer with one output) would waste three quarters of a tile: there a thread owns one output.
#pragma once

#include "kernels/lanes.hpp"
#include "kernels/team.cuh"
#include "kernels/team_padding.hpp"

namespace shoal::kernels {

/// Which index of each operand is contiguous; all others take the stride.
enum class TeamWalk {
  forward,   ///< a[r][s] along s, b[s][j] along j: Z = A W
  backward,  ///< a[r][s] along s, b[j][s] along s: dA = dZ W^T
  weights,   ///< a[s][r] along r, b[s][j] along j: dW = A^T dZ, sum over rows
};

struct TeamProduct {
  const float* a = nullptr;
  int a_stride = 0;
  const float* b = nullptr;
  int b_stride = 0;
};

enum class TeamStart {
  zero,    ///< +0
  column,  ///< start[j], the same for every r (a bias)
  output,  ///< what `out` holds
};

struct TeamContraction {
  TeamProduct first{}, second{};
  int rows = 0, columns = 0, terms = 0;
  TeamStart start = TeamStart::zero;
  const float* column_start = nullptr;
  float* out = nullptr;
  int out_stride = 0;
};

/// For contractions whose outputs need nothing more.
struct Nothing {
  __device__ __forceinline__ void operator()(int, int) const {}
};

template <TeamWalk walk, bool two>
class TeamTile {
 public:
  explicit __device__ __forceinline__ TeamTile(const TeamContraction& c) : c_(c) {}

  /// The 4 x 4 outputs from (r0, j0); those beyond the matrix are computed from clamped operands and dropped.
  __device__ __forceinline__ void square(int r0, int j0) const {
    float acc[4][4];
    load_start(r0, j0, acc);
    int row[4], column[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      row[i] = r0 + i < c_.rows ? r0 + i : c_.rows - 1;
      column[i] = j0 + i < c_.columns ? j0 + i : c_.columns - 1;
    }
    int s = 0;
    if constexpr (walk == TeamWalk::weights) {
      for (; s < c_.terms; ++s) {
        add_outer(c_.first, r0, j0, s, acc);
        if constexpr (two) add_outer(c_.second, r0, j0, s, acc);
      }
    } else {
      for (; s + 4 <= c_.terms; s += 4) {
        Rows first, second;
        load_rows(c_.first, row, column, s, first);
        if constexpr (two) load_rows(c_.second, row, column, s, second);
#pragma unroll
        for (int u = 0; u < 4; ++u) {
          add_step(c_.first, first, j0, s, u, acc);
          if constexpr (two) add_step(c_.second, second, j0, s, u, acc);
        }
      }
      for (; s < c_.terms; ++s) {
        add_single(c_.first, row, column, s, acc);
        if constexpr (two) add_single(c_.second, row, column, s, acc);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (r0 + i >= c_.rows) break;
      float4 v;  // padding columns hold zeros everywhere
      v.x = acc[i][0];
      v.y = j0 + 1 < c_.columns ? acc[i][1] : 0.0f;
      v.z = j0 + 2 < c_.columns ? acc[i][2] : 0.0f;
      v.w = j0 + 3 < c_.columns ? acc[i][3] : 0.0f;
      *reinterpret_cast<float4*>(c_.out + (r0 + i) * c_.out_stride + j0) = v;
    }
  }

  __device__ __forceinline__ void single(int r, int j) const {
    float sum = c_.start == TeamStart::zero     ? 0.0f
                : c_.start == TeamStart::column ? c_.column_start[j]
                                                : c_.out[r * c_.out_stride + j];
    for (int s = 0; s < c_.terms; ++s) {
      sum = fma(a(c_.first, r, s), b(c_.first, s, j), sum);
      if constexpr (two) sum = fma(a(c_.second, r, s), b(c_.second, s, j), sum);
    }
    c_.out[r * c_.out_stride + j] = sum;
  }

 private:
  /// Four steps of s: of the rows, and of the columns where those run along s.
  struct Rows {
    float a[4][4], b[4][4];
  };

  static __device__ __forceinline__ float4 quad(const float* at) {
    return *reinterpret_cast<const float4*>(at);
  }
  static __device__ __forceinline__ void unpack(float4 v, float (&to)[4]) {
    to[0] = v.x;
    to[1] = v.y;
    to[2] = v.z;
    to[3] = v.w;
  }
  static __device__ __forceinline__ float a(const TeamProduct& p, int r, int s) {
    return walk == TeamWalk::weights ? p.a[s * p.a_stride + r] : p.a[r * p.a_stride + s];
  }
  static __device__ __forceinline__ float b(const TeamProduct& p, int s, int j) {
    return walk == TeamWalk::backward ? p.b[j * p.b_stride + s] : p.b[s * p.b_stride + j];
  }

  __device__ __forceinline__ void load_start(int r0, int j0, float (&acc)[4][4]) const {
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int q = 0; q < 4; ++q) acc[i][q] = 0.0f;
    if (c_.start == TeamStart::zero) return;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if (r0 + i < c_.rows)
        unpack(quad(c_.start == TeamStart::column ? c_.column_start + j0
                                                  : c_.out + (r0 + i) * c_.out_stride + j0),
               acc[i]);
  }
  static __device__ __forceinline__ void load_rows(const TeamProduct& p, const int (&row)[4],
                                                   const int (&column)[4], int s, Rows& to) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      unpack(quad(p.a + row[i] * p.a_stride + s), to.a[i]);
      if constexpr (walk == TeamWalk::backward) unpack(quad(p.b + column[i] * p.b_stride + s), to.b[i]);
    }
  }
  static __device__ __forceinline__ void add_step(const TeamProduct& p, const Rows& rows, int j0, int s,
                                                  int u, float (&acc)[4][4]) {
    float along[4];
    if constexpr (walk == TeamWalk::forward) {
      unpack(quad(p.b + (s + u) * p.b_stride + j0), along);
    } else {
#pragma unroll
      for (int q = 0; q < 4; ++q) along[q] = rows.b[q][u];
    }
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int q = 0; q < 4; ++q) acc[i][q] = fma(rows.a[i][u], along[q], acc[i][q]);
  }
  static __device__ __forceinline__ void add_outer(const TeamProduct& p, int r0, int j0, int s,
                                                   float (&acc)[4][4]) {
    float down[4], along[4];
    unpack(quad(p.a + s * p.a_stride + r0), down);
    unpack(quad(p.b + s * p.b_stride + j0), along);
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int q = 0; q < 4; ++q) acc[i][q] = fma(down[i], along[q], acc[i][q]);
  }
  static __device__ __forceinline__ void add_single(const TeamProduct& p, const int (&row)[4],
                                                    const int (&column)[4], int s, float (&acc)[4][4]) {
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int q = 0; q < 4; ++q) acc[i][q] = fma(a(p, row[i], s), b(p, s, column[q]), acc[i][q]);
  }

  const TeamContraction& c_;
};

/// The whole product by the team, without a barrier. after(r, j) is called by the thread that computed
/// out[r][j], when it is stored.
template <TeamWalk walk, bool two, class After>
__device__ __forceinline__ void contract_by_team(const Team& team, const TeamContraction& c, After after) {
  const TeamTile<walk, two> tile(c);
  const int across = (c.columns + 3) / 4, down = (c.rows + 3) / 4;
  const int squares = across * down, singles = c.rows * c.columns;
  // A step of s costs a square 16 multiply-adds and 2 loads, a single output 1 and 2: six times less.
  const bool square = (squares + team.size - 1) / team.size * 6 < (singles + team.size - 1) / team.size;
  if (square) {
    for (int t = team.rank; t < squares; t += team.size) {
      const int r0 = t / across * 4, j0 = t % across * 4;
      tile.square(r0, j0);
#pragma unroll 1
      for (int e = 0; e < 16; ++e)
        if (r0 + e / 4 < c.rows && j0 + e % 4 < c.columns) after(r0 + e / 4, j0 + e % 4);
    }
  } else {
    for (int t = team.rank; t < singles; t += team.size) {
      const int r = t / c.columns, j = t % c.columns;
      tile.single(r, j);
      after(r, j);
    }
  }
}

template <TeamWalk walk, class After = Nothing>
__device__ __forceinline__ void contract_by_team(const Team& team, const TeamContraction& c,
                                                 After after = {}) {
  if (c.second.a)
    contract_by_team<walk, true>(team, c, after);
  else
    contract_by_team<walk, false>(team, c, after);
}

}  // namespace shoal::kernels
