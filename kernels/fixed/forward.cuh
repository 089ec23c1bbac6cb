// SPDX-License-Identifier: Apache-2.0
// The forward pass of a task's rows: activations of the hidden layers, outputs, loss terms and dL/do. The
// operations and their order are those of src/cpu/network_pass.hpp, which is the oracle.
#pragma once

#include "kernels/device/four_lanes.cuh"
#include "kernels/fixed/products.cuh"
#include "kernels/fixed/state.cuh"

namespace shoal::kernels {

/// The rows of one side of a task.
struct FixedRows {
  const float *x = nullptr, *y = nullptr, *offset = nullptr;
  int rows = 0;
  float scale = 0.0f, terms = 0.0f;
  int staged = 0, staged_y = 0;  ///< offsets of x and y in shared memory
};

/// Member by member, so that none of them lives in memory.
__device__ __forceinline__ FixedRows one_of(bool first, const FixedRows& a, const FixedRows& b) {
  FixedRows one;
  one.x = first ? a.x : b.x;
  one.y = first ? a.y : b.y;
  one.offset = first ? a.offset : b.offset;
  one.rows = first ? a.rows : b.rows;
  one.scale = first ? a.scale : b.scale;
  one.terms = first ? a.terms : b.terms;
  one.staged = first ? a.staged : b.staged;
  one.staged_y = first ? a.staged_y : b.staged_y;
  return one;
}

template <FixedShape s, int l, bool two_>
struct ForwardOf {
  using Y = FixedLayer<s, l>;
  static constexpr FixedTile tile = Y::out;
  static constexpr int terms = Y::inputs, a_stride = l > 0 ? Y::Below::plan.row_stride : plan_of<s>.x_stride;
  static constexpr int b_stride = Y::weight_stride, unroll = 1;
  static constexpr bool swizzled = Y::swizzled, two = two_;
};

/// Starts to copy y of `side` to shared memory.
template <FixedShape s>
__device__ __forceinline__ void stage_targets(FixedState<s>& t, const FixedRows& side) {
  constexpr int most = s.rows * s.targets;
#pragma unroll
  for (int i = 0; i < parts_of(most, s.lanes); ++i) {
    const int e = t.lane + s.lanes * i;
    if (e < side.rows * s.targets) copy_async<4>(t.shared + side.staged_y + e, side.y + e);
  }
}
/// Starts to copy x of `side` to shared memory.
template <FixedShape s>
__device__ __forceinline__ void stage_rows(FixedState<s>& t, const FixedRows& side) {
  float* const to = t.shared + side.staged;
  constexpr int wide = s.inputs % 4 == 0 ? 4 : 1, words = s.inputs / wide, most = s.rows * words;
  if constexpr (s.lanes % words == 0) {  // all copies of a lane have one column
    constexpr int rows = s.lanes / words, x_stride = plan_of<s>.x_stride;
    const int first = t.lane / words, column = t.lane % words * wide;
    float* const at = to + first * x_stride + column;
    const float* const from = side.x + wide * t.lane;
#pragma unroll
    for (int i = 0; i < parts_of(most, s.lanes); ++i)
      if (first + rows * i < side.rows)
        copy_async<4 * wide>(at + rows * i * x_stride, from + wide * s.lanes * i);
  } else {
    for (int e = t.lane; e < side.rows * words; e += s.lanes)
      copy_async<4 * wide>(to + e / words * plan_of<s>.x_stride + e % words * wide, side.x + wide * e);
  }
}

template <FixedShape s, int l>
__device__ __forceinline__ void start_with_bias(
    const FixedState<s>& t, int bias, FixedPlace at,
    float (&z)[FixedLayer<s, l>::out.rows][FixedLayer<s, l>::out.columns]) {
  using Y = FixedLayer<s, l>;
  float b[Y::out.columns];
  FixedState<s>::template OutColumns<l>::load(t.shared + bias, at.column, b);
#pragma unroll
  for (int i = 0; i < Y::out.rows; ++i)
#pragma unroll
    for (int q = 0; q < Y::out.columns; ++q) z[i][q] = b[q];
}

template <int rows, int columns>
__device__ __forceinline__ void clear(float (&v)[rows][columns]) {
#pragma unroll
  for (int i = 0; i < rows; ++i)
#pragma unroll
    for (int q = 0; q < columns; ++q) v[i][q] = 0.0f;
}

template <int strips, int rows, int columns>
__device__ __forceinline__ void clear(float (&v)[strips][rows][columns]) {
#pragma unroll
  for (int n = 0; n < strips; ++n) clear(v[n]);
}

template <FixedShape s, int l>
__device__ __forceinline__ void store_rows(
    const FixedState<s>& t, int base, FixedPlace at,
    const float (&v)[FixedLayer<s, l>::out.rows][FixedLayer<s, l>::out.columns]) {
#pragma unroll
  for (int i = 0; i < FixedLayer<s, l>::out.rows; ++i)
    FixedState<s>::template OutColumns<l>::store(t.template row<l>(base, at, i), at.column, v[i]);
}

/// Four activations, with the derivatives that a tape must store.
template <class F>
__device__ __forceinline__ void activate_four(float* z, float* slope, float* bend) {
  FourLanes v;
#pragma unroll
  for (int n = 0; n < 4; ++n) v.v[n] = z[n];
  if constexpr (F::from_value) {
    v = F::value(v);
  } else {
    FourLanes a, d1, d2;
    F::curvature(v, a, d1, d2);
    v = a;
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      slope[n] = d1.v[n];
      bend[n] = d2.v[n];
    }
  }
#pragma unroll
  for (int n = 0; n < 4; ++n) z[n] = v.v[n];
}

/// Turns this lane's z of layer l, in shared memory, into activations, four at a time in a loop: the code of
/// an activation is long, and one copy of it is enough.
template <FixedShape s, int l>
__device__ __forceinline__ void activate_rows(FixedState<s>& t, FixedPlace at, float* tape, bool keeps) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  constexpr int C = Y::out.columns, elements = Y::out.rows * C;
  if constexpr (C % 4 == 0) {
    using Kept = LaneRecord<C, s.lanes>;
    float* row = opaque_shared(t.shared + Y::a + at.row * Y::row_stride + 4 * at.column);
    float* kept = tape + Y::record_a;
#pragma unroll 1
    for (int i = 0; i < Y::out.rows; ++i) {
      float v[C];
#pragma unroll
      for (int q = 0; q < C; q += 4) {
        float slope[4], bend[4];
        load4(row + Y::out.across * q, v + q);
        activate_four<F>(v + q, slope, bend);
        store_shared4(row + Y::out.across * q, v + q);
        if constexpr (!F::from_value) {
          const int place = (at.row + Y::out.down * i) * Y::row_stride + 4 * at.column + Y::out.across * q;
          store_global4(tape + Y::record_slope + place, slope);
          store_global4(tape + Y::record_bend + place, bend);
        }
      }
      if (keeps) Kept::keep(kept, t.lane, v);
      kept += Kept::floats;
      row += Y::out.down * Y::row_stride;
    }
  } else {
#pragma unroll 1
    for (int e = 0; e < elements; e += 4) {
      float z[4], slope[4], bend[4];
      int place[4];
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        const int one = e + n < elements ? e + n : elements - 1;
        place[n] = (at.row + Y::out.down * (one / C)) * Y::row_stride +
                   FixedState<s>::template OutColumns<l>::at(at.column, one % C);
        z[n] = t.shared[Y::a + place[n]];
      }
      activate_four<F>(z, slope, bend);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        if (e + n >= elements) continue;
        t.shared[Y::a + place[n]] = z[n];
        if constexpr (!F::from_value) {
          tape[Y::record_slope + place[n]] = slope[n];
          tape[Y::record_bend + place[n]] = bend[n];
        }
      }
    }
    if (!keeps) return;
    using Kept = LaneRecord<C, s.lanes>;
#pragma unroll 1
    for (int i = 0; i < Y::out.rows; ++i) {
      float v[C];
      FixedState<s>::template OutColumns<l>::load(t.template row<l>(Y::a, at, i), at.column, v);
      Kept::keep(tape + Y::record_a + i * Kept::floats, t.lane, v);
    }
  }
}

/// Activations of hidden layer l. `tape`: the record of the pass; `keeps`: whether it keeps the activations.
template <FixedShape s, int l>
__device__ __forceinline__ void forward_layer(FixedState<s>& t, int x, float* tape, bool keeps) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  constexpr int R = Y::out.rows, C = Y::out.columns;
  constexpr bool taped = !(l == 0 && plan_of<s>.recomputes);
  using Kept = LaneRecord<C, s.lanes>;
  const FixedPlace at = t.template out_place<l>();
  {
    float z[R][C];
    start_with_bias<s, l>(t, Y::bias, at, z);
    forward_product<ForwardOf<s, l, false>>(t.shared + (l > 0 ? Y::Below::plan.a : x), t.shared + Y::weight,
                                            nullptr, nullptr, at, z);
    if constexpr (!F::curved) {
#pragma unroll
      for (int i = 0; i < R; ++i)
#pragma unroll
        for (int q = 0; q < C; ++q) z[i][q] = F::value(z[i][q]);
    }
    store_rows<s, l>(t, Y::a, at, z);
    if constexpr (!F::curved && taped) {
      if (keeps) {
#pragma unroll
        for (int i = 0; i < R; ++i) Kept::keep(tape + Y::record_a + i * Kept::floats, t.lane, z[i]);
      }
    }
  }
  if constexpr (F::curved) {
    activate_rows<s, l>(t, at, tape, taped && keeps);
  }
  t.sync();
}

/// sum[n] += the terms of output n of row r: a chain of multiply-adds along the top hidden layer. Of two
/// products, (a, w) goes first and (c, v) second.
template <FixedShape s, bool first, bool second>
__device__ __forceinline__ void add_outputs(const float* a, const float* w, const float* c, const float* v,
                                            float (&sum)[s.outputs()]) {
  constexpr int O = s.outputs(), terms = s.outputs_of[s.layers - 2], whole = terms / 4 * 4;
  constexpr int stride = plan_of<s>.layer[s.layers - 1].weight_stride;
  const auto add = [&](int n, float x, float m, float y, float k) {
    if constexpr (first) sum[n] = fma(x, m, sum[n]);
    if constexpr (second) sum[n] = fma(y, k, sum[n]);
  };
#pragma unroll 10
  for (int e = 0; e < whole; e += 4) {
    float x[4], y[4], m[O][4], k[O][4];
    if constexpr (first) load4(a + e, x);
    if constexpr (second) load4(c + e, y);
#pragma unroll
    for (int n = 0; n < O; ++n) {
      if constexpr (first) load4(w + n * stride + e, m[n]);
      if constexpr (second) load4(v + n * stride + e, k[n]);
    }
#pragma unroll
    for (int u = 0; u < 4; ++u)
#pragma unroll
      for (int n = 0; n < O; ++n) add(n, x[u], m[n][u], y[u], k[n][u]);
  }
#pragma unroll
  for (int e = whole; e < terms; ++e)
#pragma unroll
    for (int n = 0; n < O; ++n)
      add(n, first ? a[e] : 0.0f, first ? w[n * stride + e] : 0.0f, second ? c[e] : 0.0f,
          second ? v[n * stride + e] : 0.0f);
}

/// Loss terms of the rows and, if wanted, dL/do, a row per lane. `tape`: where outputs are kept, or null.
template <FixedShape s>
__device__ __forceinline__ void losses(FixedState<s>& t, const FixedRows& side, bool goes_back, float* tape) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int O = s.outputs();
  using Top = FixedLayer<s, s.layers - 2>;
  using Head = FixedLayer<s, s.layers - 1>;
  const auto loss = FixedKinds<s>::loss(t.job.loss);
#pragma unroll 1
  for (int r = t.lane; r < side.rows; r += s.lanes) {
    float o[O], y[s.targets];
#pragma unroll
    for (int n = 0; n < s.targets; ++n) y[n] = t.shared[side.staged_y + r * s.targets + n];
#pragma unroll
    for (int n = 0; n < O; ++n) o[n] = t.shared[Head::bias + n];
    add_outputs<s, true, false>(t.shared + Top::a + r * Top::row_stride, t.shared + Head::weight, nullptr,
                                nullptr, o);
    if constexpr (s.offset) {
#pragma unroll
      for (int n = 0; n < O; ++n) o[n] = o[n] + side.offset[r * O + n];
    }
    float* to = t.shared + plan.terms + 2 * plan.pairs * r;
    loss.terms(o, y, [&](float c, float v) {
      *to++ = c;
      *to++ = v;
    });
    if (goes_back) {
      float delta[O];
      loss.gradient(o, y, side.scale, delta);
#pragma unroll
      for (int n = 0; n < O; ++n) t.shared[plan.delta + r * O + n] = delta[n];
    }
    if constexpr (curvature_reads_outputs(s.loss)) {
      if (tape) {
#pragma unroll
        for (int n = 0; n < O; ++n) tape[plan.record_output + r * O + n] = o[n];
      }
    }
  }
  t.sync();
}

/// total + the loss terms of row r, in order. Every lane adds them: beside other sums over rows, that costs
/// less than the wait for one lane.
template <FixedShape s>
__device__ __forceinline__ float add_loss(const FixedState<s>& t, int r, float total) {
  constexpr int pairs = plan_of<s>.pairs;
  const float* const from = t.shared + plan_of<s>.terms + 2 * pairs * r;
#pragma unroll
  for (int p = 0; p < pairs; ++p) {
    float v[2];
    load2(from + 2 * p, v);
    total = fma(v[0], v[1], total);
  }
  return total;
}
template <FixedShape s>
__device__ __forceinline__ float sum_of_losses(const FixedState<s>& t, int rows) {
  float total = 0.0f;
#pragma unroll rows_at_once < s>
  for (int r = 0; r < rows; ++r) total = add_loss(t, r, total);
  return total;
}

}  // namespace shoal::kernels
