// SPDX-License-Identifier: Apache-2.0
// The forward pass of a task's rows: activations of the hidden layers, outputs, loss terms and dL/do. The
// operations and their order are those of src/cpu/network_pass.hpp, which is the oracle.
#pragma once

#include "kernels/device/four_lanes.cuh"
#include "kernels/fixed/slabs.cuh"

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
  static constexpr int out_layer = l;
  static constexpr bool backward = false, swizzled = Y::swizzled, two = two_;
  static constexpr bool streamed = s.streamed && (l > 0 || plan_of<s>.streams_x);
  static constexpr int from_stride = l > 0                  ? Y::Below::plan.row_stride
                                     : plan_of<s>.streams_x ? s.inputs
                                                            : plan_of<s>.x_stride;
  static constexpr int terms = Y::inputs, b_stride = Y::weight_stride;
  static constexpr int a_stride = streamed ? slab_stride(slab_columns(plan_of<s>, two ? 2 : 1)) : from_stride;
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
/// Starts to copy x of `side` to shared memory, unless it is streamed.
template <FixedShape s>
__device__ __forceinline__ void stage_rows(FixedState<s>& t, const FixedRows& side) {
  if constexpr (!plan_of<s>.streams_x)
    copy_rows_async<s.lanes, s.inputs, plan_of<s>.x_stride, s.inputs, s.rows>(
        t.lane, side.x, t.shared + side.staged, side.rows, s.inputs);
}
/// The input of layer l, where products read it: x of `side`, or activations of the layer below.
template <FixedShape s, int l>
__device__ __forceinline__ const float* input_of(const FixedState<s>& t, const FixedRows& side, float* tape) {
  if constexpr (l > 0) return t.template a<l - 1>(tape);
  return plan_of<s>.streams_x ? side.x : t.shared + side.staged;
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
    float* matrix, FixedPlace at,
    const float (&v)[FixedLayer<s, l>::out.rows][FixedLayer<s, l>::out.columns]) {
#pragma unroll
  for (int i = 0; i < FixedLayer<s, l>::out.rows; ++i)
    FixedState<s>::template store_row<typename FixedState<s>::template OutColumns<l>>(
        FixedState<s>::template row<l>(matrix, at, i), at.column, v[i]);
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

/// Turns `rows` rows of a lane's z, `columns` columns in quads each, into activations where they lie, and
/// keeps them at `kept`, unless it is null, and at `slope` and `bend` the derivatives that a tape must store.
/// Eight at a time, in a loop: the code of an activation is long, so that all layers of equal tiles call one
/// copy of it. The rows of the next round are asked for before the work on this one.
template <class F, FixedTile tile, int row_stride, int lanes, bool in_memory>
__device__ __noinline__ void activate_tile(float* row, float* kept, float* slope, float* bend, int lane) {
  constexpr int C = tile.columns, at_once = C == 4 && tile.rows % 2 == 0 ? 2 : 1;
  constexpr int step = tile.down * row_stride;
  using Kept = LaneRecord<C, lanes>;
  if constexpr (!in_memory) row = opaque_shared(row);
  float* const last = row + (tile.rows - at_once) * step;
  float next[at_once][C];
  const auto ask = [&] {
#pragma unroll
    for (int n = 0; n < at_once; ++n)
#pragma unroll
      for (int q = 0; q < C; q += 4) load4(row + n * step + tile.across * q, next[n] + q);
  };
  ask();
#pragma unroll 1
  for (int i = 0; i < tile.rows; i += at_once) {
    float v[at_once][C];
#pragma unroll
    for (int n = 0; n < at_once; ++n)
#pragma unroll
      for (int q = 0; q < C; ++q) v[n][q] = next[n][q];
    float* const to = row;
    // In the last round the same rows once more: a condition would make the compiler write the loop twice.
    row = row < last ? row + at_once * step : last;
    ask();
#pragma unroll
    for (int n = 0; n < at_once; ++n)
#pragma unroll
      for (int q = 0; q < C; q += 4) {
        float d1[4], d2[4];
        const int place = n * step + tile.across * q;
        activate_four<F>(v[n] + q, d1, d2);
        if constexpr (in_memory)
          store_global4(to + place, v[n] + q);
        else
          store_shared4(to + place, v[n] + q);
        if constexpr (!F::from_value) {
          store_global4(slope + i * step + place, d1);
          store_global4(bend + i * step + place, d2);
        }
      }
    if constexpr (!in_memory) {
      if (kept) {
#pragma unroll
        for (int n = 0; n < at_once; ++n) Kept::keep(kept + n * Kept::floats, lane, v[n]);
        kept += at_once * Kept::floats;
      }
    }
  }
}

/// Turns this lane's z of layer l into activations. `keeps`: whether the tape keeps them.
template <FixedShape s, int l>
__device__ __forceinline__ void activate_rows(FixedState<s>& t, FixedPlace at, float* tape, bool keeps) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  constexpr int C = Y::out.columns, elements = Y::out.rows * C;
  float* const a = t.template a<l>(tape);
  if constexpr (C % 4 == 0) {
    const int place = at.row * Y::row_stride + 4 * at.column;
    activate_tile<F, Y::out, Y::row_stride, s.lanes, s.streamed>(
        a + place, keeps ? tape + Y::record_a : nullptr, tape + Y::record_slope + place,
        tape + Y::record_bend + place, t.lane);
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
        z[n] = a[place[n]];
      }
      activate_four<F>(z, slope, bend);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        if (e + n >= elements) continue;
        a[place[n]] = z[n];
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
      FixedState<s>::template OutColumns<l>::load(t.template row<l>(a, at, i), at.column, v);
      Kept::keep(tape + Y::record_a + i * Kept::floats, t.lane, v);
    }
  }
}

/// Activations of hidden layer l. `tape`: the record of the pass; `keeps`: whether it keeps the activations,
/// which streamed ones do in any case.
template <FixedShape s, int l>
__device__ __forceinline__ void forward_layer(FixedState<s>& t, const FixedRows& side, float* tape,
                                              bool keeps) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  constexpr int R = Y::out.rows, C = Y::out.columns;
  constexpr bool taped = !s.streamed && !(l == 0 && plan_of<s>.recomputes);
  using Kept = LaneRecord<C, s.lanes>;
  {
    float z[R][C];
    start_with_bias<s, l>(t, Y::bias, t.template out_place<l>(), z);
    multiply_rows<ForwardOf<s, l, false>>(t, input_of<s, l>(t, side, tape), t.shared + Y::weight, nullptr,
                                          nullptr, side.rows, z);
    if constexpr (!F::curved) {
#pragma unroll
      for (int i = 0; i < R; ++i)
#pragma unroll
        for (int q = 0; q < C; ++q) z[i][q] = F::value(z[i][q]);
    }
    store_rows<s, l>(t.template a<l>(tape), t.template out_place<l>(), z);
    if constexpr (!F::curved && taped) {
      if (keeps) {
#pragma unroll
        for (int i = 0; i < R; ++i) Kept::keep(tape + Y::record_a + i * Kept::floats, t.lane, z[i]);
      }
    }
  }
  if constexpr (F::curved) {
    activate_rows<s, l>(t, t.template out_place<l>(), tape, taped && keeps);
  }
  t.sync();
}

/// sum[n] += `terms` terms of output n: a chain of multiply-adds along the top hidden layer. Of two products,
/// (a, w) goes first and (c, v) second.
template <FixedShape s, bool first, bool second>
__device__ __forceinline__ void add_outputs(const float* a, const float* w, const float* c, const float* v,
                                            int terms, float (&sum)[s.outputs()]) {
  constexpr int O = s.outputs();
  const int whole = terms / 4 * 4;
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
#pragma unroll 3
  for (int e = whole; e < terms; ++e)
#pragma unroll
    for (int n = 0; n < O; ++n)
      add(n, first ? a[e] : 0.0f, first ? w[n * stride + e] : 0.0f, second ? c[e] : 0.0f,
          second ? v[n * stride + e] : 0.0f);
}

/// Calls use(r, o) for the rows of this lane with their outputs o: begin(n) plus the products of the top
/// hidden layer's matrices a and c with the head's transposed w and v.
template <FixedShape s, bool first, bool second, class Begin, class Use>
__device__ __forceinline__ void for_outputs(FixedState<s>& t, int rows, const float* a, const float* w,
                                            const float* c, const float* v, Begin begin, Use use) {
  constexpr int O = s.outputs(), terms = s.outputs_of[s.layers - 2];
  constexpr int stride = plan_of<s>.layer[s.layers - 2].row_stride;
  if constexpr (s.streamed && (first || second)) {
    constexpr int K = parts_of(s.rows, s.lanes);
    constexpr bool two = first && second;
    constexpr int slab_row = slab_stride(slab_columns(plan_of<s>, two ? 2 : 1));
    float o[K][O];
#pragma unroll
    for (int i = 0; i < K; ++i)
#pragma unroll
      for (int n = 0; n < O; ++n) o[i][n] = begin(n);
    for_slabs_of_columns<s, terms, stride, two>(
        t, first ? a : c, c, rows, [&](const float* slab, int from, int to) {
#pragma unroll
          for (int i = 0; i < K; ++i) {
            const int r = t.lane + s.lanes * i;
            const float* const row = slab + r * slab_row;
            if (r < rows)
              add_outputs<s, first, second>(row, w + from, two ? row + plan_of<s>.held_rows * slab_row : row,
                                            v + from, to - from, o[i]);
          }
        });
#pragma unroll
    for (int i = 0; i < K; ++i)
      if (const int r = t.lane + s.lanes * i; r < rows) use(r, o[i]);
  } else {
#pragma unroll 1
    for (int r = t.lane; r < rows; r += s.lanes) {
      float o[O];
#pragma unroll
      for (int n = 0; n < O; ++n) o[n] = begin(n);
      add_outputs<s, first, second>(a + r * stride, w, c + r * stride, v, terms, o);
      use(r, o);
    }
  }
}

/// Loss terms of the rows and, if wanted, dL/do, a row per lane. `tape`: the record of the pass; `keeps`:
/// whether it keeps the outputs.
template <FixedShape s>
__device__ __forceinline__ void losses(FixedState<s>& t, const FixedRows& side, bool goes_back, float* tape,
                                       bool keeps) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int O = s.outputs();
  using Head = FixedLayer<s, s.layers - 1>;
  const auto loss = FixedKinds<s>::loss(t.job.loss);
  const float* const a = t.template a<s.layers - 2>(tape);
  const auto bias = [&](int n) { return t.shared[Head::bias + n]; };
  for_outputs<s, true, false>(t, side.rows, a, t.shared + Head::weight, a, nullptr, bias,
                              [&](int r, float(&o)[O]) {
                                float y[s.targets];
#pragma unroll
                                for (int n = 0; n < s.targets; ++n)
                                  y[n] = t.shared[side.staged_y + r * s.targets + n];
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
                                  if (keeps) {
#pragma unroll
                                    for (int n = 0; n < O; ++n) tape[plan.record_output + r * O + n] = o[n];
                                  }
                                }
                              });
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
