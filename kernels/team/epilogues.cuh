// SPDX-License-Identifier: Apache-2.0
// Epilogues of the products of a network (kernels/team/gemm.cuh): the thread that has summed up an output
// does the elementwise work on it while it is still in a register. Where f' and f'' follow from a, they are
// computed again instead of stored, so that the tape stays small.
#pragma once

#include "kernels/math/choices.hpp"
#include "kernels/team/tile.cuh"

namespace shoal::kernels {

/// A hidden layer's part of the tape; each matrix is [rows, stride].
struct TapeLayer {
  float *activation, *delta, *curvature, *slope, *r_activation;
  int stride;
};

template <class F>
__device__ __forceinline__ float slope_at(const TapeLayer& tape, int e) {
  if constexpr (F::from_value)
    return F::slope_of(tape.activation[e]);
  else
    return tape.slope[e];
}

/// Start of sums that begin at zero, or with the same values in every row (a bias).
struct ColumnStart {
  const float* shared;
  int start;  ///< offset of the values [columns], or -1
  __device__ __forceinline__ void start4(int, int j0, float* v) const {
    if (start >= 0) load4(shared + start + j0, v);
  }
  __device__ __forceinline__ float start1(int, int j) const { return start >= 0 ? shared[start + j] : 0.0f; }
};

struct ZeroStart {
  __device__ __forceinline__ void start4(int, int, float*) const {}
  __device__ __forceinline__ float start1(int, int) const { return 0.0f; }
};

/// Computes a from z for a hidden layer, and f' and f'' where the tape stores them.
struct ActivationEpilogue : ColumnStart {
  Activation kind;
  TapeLayer tape;

  template <class Tile>
  __device__ __forceinline__ void finish(const Tile& tile, float (&z)[Tile::height][Tile::width]) const {
    with_activation<float>(kind, [&]<class F>(F) {
      if constexpr (!F::curved) {
        tile.each_quad(z, [&](int r, int j0, float* v) {
#pragma unroll
          for (int n = 0; n < 4; ++n) v[n] = j0 + n < tile.columns ? F::value(v[n]) : 0.0f;
          store_shared4(tape.activation + r * tape.stride + j0, v);
        });
      } else {  // long code: the loop keeps one copy of it, for four elements at a time
        tile.each_quad(z, [&](int r, int j0, const float* v) {
          store_shared4(tape.activation + r * tape.stride + j0, v);
        });
#pragma unroll 1
        for (int quad = 0; quad < Tile::height * Tile::width / 4; ++quad) {
          const int r = tile.row(quad % Tile::height), j0 = tile.column(quad / Tile::height * 4);
          if (r >= tile.rows || j0 >= tile.columns) continue;
          float v[4], slope[4], curvature[4];
          const int e = r * tape.stride + j0;
          load4(tape.activation + e, v);
#pragma unroll
          for (int n = 0; n < 4; ++n) {
            apply<F>(v[n], slope[n], curvature[n]);
            if (j0 + n >= tile.columns) v[n] = slope[n] = curvature[n] = 0.0f;
          }
          store_shared4(tape.activation + e, v);
          if constexpr (!F::from_value) {
            store_shared4(tape.slope + e, slope);
            store_shared4(tape.curvature + e, curvature);
          }
        }
      }
    });
  }
  __device__ __forceinline__ void finish1(int r, int j, float z) const {
    with_activation<float>(kind, [&]<class F>(F) {
      float slope, curvature;
      apply<F>(z, slope, curvature);
      const int e = r * tape.stride + j;
      tape.activation[e] = z;
      if constexpr (!F::from_value) {
        tape.slope[e] = slope;
        tape.curvature[e] = curvature;
      }
    });
  }

 private:
  template <class F>
  static __device__ __forceinline__ void apply(float& z, float& slope, float& curvature) {
    slope = curvature = 0.0f;
    if constexpr (F::from_value)
      z = F::value(z);
    else
      F::curvature(z, z, slope, curvature);
  }
};

/// Stores outputs. A sum starts with a column's value, with the present output or with zero; the rows' output
/// offsets are added when the sum is complete.
struct OutputEpilogue {
  const float* shared;
  int column_start;  ///< offset of the values [columns], or -1
  bool adds;         ///< the sum starts with the contents of `out`
  int offsets;       ///< offset of the values [rows, columns], or -1
  int columns;
  float* out;
  int stride;

  __device__ __forceinline__ void start4(int r, int j0, float* v) const {
    if (adds)
      load4(out + r * stride + j0, v);
    else if (column_start >= 0)
      load4(shared + column_start + j0, v);
  }
  __device__ __forceinline__ float start1(int r, int j) const {
    return adds ? out[r * stride + j] : column_start >= 0 ? shared[column_start + j] : 0.0f;
  }
  template <class Tile>
  __device__ __forceinline__ void finish(const Tile& tile, float (&v)[Tile::height][Tile::width]) const {
    if (offsets >= 0)
      tile.each(v, [&](int r, int j, float& o) { o = o + shared[offsets + r * columns + j]; });
    tile.each_quad(v, [&](int r, int j0, const float* o) { store_shared4(out + r * stride + j0, o); });
  }
  __device__ __forceinline__ void finish1(int r, int j, float v) const {
    out[r * stride + j] = offsets >= 0 ? v + shared[offsets + r * columns + j] : v;
  }
};

/// Computes dL/dz of the layer below from dL/da, and dL/da f''.
struct DeltaEpilogue : ZeroStart {
  Activation kind;
  TapeLayer tape;

  template <class Tile>
  __device__ __forceinline__ void finish(const Tile& tile, float (&da)[Tile::height][Tile::width]) const {
    with_derivatives<float>(kind, [&]<class F>(F) {
      tile.each(da, [&](int r, int j, float v) { store_element<F>(r * tape.stride + j, v); });
    });
  }
  __device__ __forceinline__ void finish1(int r, int j, float da) const {
    with_derivatives<float>(kind, [&]<class F>(F) { store_element<F>(r * tape.stride + j, da); });
  }

 private:
  template <class F>
  __device__ __forceinline__ void store_element(int e, float da) const {
    if constexpr (F::from_value) {
      const float a = tape.activation[e], slope = F::slope_of(a);
      if constexpr (F::curved) tape.curvature[e] = da * F::second_derivative_of(a, slope);
      tape.delta[e] = da * slope;
    } else {
      tape.curvature[e] = da * tape.curvature[e];
      tape.delta[e] = da * tape.slope[e];
    }
  }
};

/// Computes R{a} of a hidden layer from R{z}; multiplies the tape's dL/da f'' by R{z}.
struct RActivationEpilogue : ColumnStart {
  Activation kind;
  TapeLayer tape;

  template <class Tile>
  __device__ __forceinline__ void finish(const Tile& tile, float (&rz)[Tile::height][Tile::width]) const {
    with_derivatives<float>(kind, [&]<class F>(F) {
      tile.each_quad(rz, [&](int r, int j0, float* v) {
        const int e = r * tape.stride + j0;
        if constexpr (F::curved) {
          float curvature[4];
          load4(tape.curvature + e, curvature);
#pragma unroll
          for (int n = 0; n < 4; ++n) curvature[n] = curvature[n] * v[n];
          store_shared4(tape.curvature + e, curvature);
        }
        float from[4];
        load4(F::from_value ? tape.activation + e : tape.slope + e, from);
#pragma unroll
        for (int n = 0; n < 4; ++n) {
          if constexpr (F::from_value)
            v[n] = v[n] * F::slope_of(from[n]);
          else
            v[n] = v[n] * from[n];
        }
        store_shared4(tape.r_activation + e, v);
      });
    });
  }
  __device__ __forceinline__ void finish1(int r, int j, float rz) const {
    with_derivatives<float>(kind, [&]<class F>(F) {
      const int e = r * tape.stride + j;
      if constexpr (F::curved) tape.curvature[e] = tape.curvature[e] * rz;
      tape.r_activation[e] = rz * slope_at<F>(tape, e);
    });
  }
};

/// Computes R{dL/dz} of the layer below from R{dL/da}.
struct RDeltaEpilogue : ZeroStart {
  Activation kind;
  TapeLayer tape;
  bool has_r_sum;  ///< R{z} of that layer is not zero
  float* out;

  template <class Tile>
  __device__ __forceinline__ void finish(const Tile& tile, float (&v)[Tile::height][Tile::width]) const {
    with_derivatives<float>(kind, [&]<class F>(F) {
      tile.each(v, [&](int r, int j, float x) { store_element<F>(r * tape.stride + j, x); });
    });
  }
  __device__ __forceinline__ void finish1(int r, int j, float v) const {
    with_derivatives<float>(kind, [&]<class F>(F) { store_element<F>(r * tape.stride + j, v); });
  }

 private:
  template <class F>
  __device__ __forceinline__ void store_element(int e, float v) const {
    const float slope = slope_at<F>(tape, e);
    if constexpr (F::curved)
      out[e] = has_r_sum ? fma(v, slope, tape.curvature[e]) : v * slope;
    else
      out[e] = v * slope;
  }
};

}  // namespace shoal::kernels
