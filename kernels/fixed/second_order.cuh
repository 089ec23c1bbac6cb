// SPDX-License-Identifier: Apache-2.0
// The way back through an inner step: lambda -= H u with u = alpha o lambda, H the Hessian of the support
// loss at the step's phi. R{x} is the derivative of x along u (Pearlmutter's operator). The record of the
// step supplies phi and the activations; d and R{d} of a layer overwrite its a and R{a} once the layer above
// has read them, unless they are streamed: then they have places of their own.
#pragma once

#include "kernels/fixed/lambda.cuh"
#include "kernels/fixed/second_order_forward.cuh"

namespace shoal::kernels {

/// lambda of the head: its weight, by columns of the top hidden layer, and its bias.
template <FixedShape s>
__device__ __forceinline__ void r_head(FixedState<s>& t, int rows, float* tape) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int l = s.layers - 2, O = s.outputs();
  using Y = FixedLayer<s, l>;
  constexpr bool inside = s.lowest_adapting() < s.layers - 1;
  const int output = t.lane < O ? t.lane : 0;
  float sum[Y::columns][O] = {}, bias = 0.0f;
  const float* const a = t.template a<l>(tape);
  const auto to_r = t.template r<l>() - a;
  const float* column = t.stepped(a + t.lane);
  const int end = has_columns<s, l>(t.lane) ? rows : 0;
#pragma unroll rows_at_once < s>
  for (int r = 0; r < end; ++r) {
    float delta[O], rd[O];
    bias = bias + t.shared[plan.r_delta + r * O + output];
#pragma unroll
    for (int n = 0; n < O; ++n) {
      delta[n] = t.shared[plan.delta + r * O + n];
      rd[n] = t.shared[plan.r_delta + r * O + n];
    }
    for_columns<s, l>(t.lane, [&](int c, int) {
      const float value = column[s.lanes * c], ra = inside ? column[to_r + s.lanes * c] : 0.0f;
#pragma unroll
      for (int n = 0; n < O; ++n) {
        if constexpr (inside) sum[c][n] = fma(ra, delta[n], sum[c][n]);
        sum[c][n] = fma(value, rd[n], sum[c][n]);
      }
    });
    column += Y::row_stride;
  }
  for_columns<s, l>(t.lane, [&](int c, int j) {
    for_small<s, l>(c, j, [&](auto number, int e, int, int, int, bool) {
      constexpr int n = decltype(number)::value - small_head;
      if constexpr (n >= 0) t.lambda_small[e] = t.lambda_small[e] - sum[c][n];
    });
  });
  if (t.lane < O) t.lambda_head_bias = t.lambda_head_bias - bias;
  t.sync();
}

/// d and R{d} of the top hidden layer, in the places of a and R{a}.
template <FixedShape s>
__device__ __forceinline__ void r_top_delta(
    FixedState<s>& t, float* tape,
    const float (&rz)[FixedLayer<s, s.layers - 2>::out.rows][FixedLayer<s, s.layers - 2>::out.columns]) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int l = s.layers - 2, O = s.outputs();
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  using Head = FixedLayer<s, l + 1>;
  using Columns = typename FixedState<s>::template OutColumns<l>;
  constexpr int R = Y::out.rows, C = Y::out.columns;
  constexpr bool has_rz = s.lowest_adapting() < s.layers - 1;
  const FixedPlace at = t.template out_place<l>();
  float w[O][C], u[O][C];
#pragma unroll
  for (int n = 0; n < O; ++n) {
    Columns::load(t.shared + Head::weight + n * Head::weight_stride, at.column, w[n]);
    Columns::load(t.shared + Head::u_weight + n * Head::weight_stride, at.column, u[n]);
  }
  float *const activations = t.template a<l>(tape), *const deltas = t.template d<l>(),
               *const r_deltas = t.template r_d<l>(), *const top_rz = t.rest() + Y::curved;
#pragma unroll tile_rows_at_once < s, R>
  for (int i = 0; i < R; ++i) {
    float a[C], delta[O], rd[O], slope[C], bend[C], d[C], r[C], along_u[C];
    Columns::load(t.template row<l>(activations, at, i), at.column, a);
    using Kept = LaneRecord<C, s.lanes>;
    if constexpr (has_rz && passes_top_rz<s>)
      Kept::fetch(top_rz + i * Kept::floats, t.lane, along_u);
    else if constexpr (F::curved && has_rz)
      for (int q = 0; q < C; ++q) along_u[q] = rz[i][q];
    derivatives_of_row<s, l>(at, i, tape, a, slope, bend);
#pragma unroll
    for (int n = 0; n < O; ++n) {
      delta[n] = t.shared[plan.delta + (at.row + Y::out.down * i) * O + n];
      rd[n] = t.shared[plan.r_delta + (at.row + Y::out.down * i) * O + n];
    }
#pragma unroll
    for (int q = 0; q < C; ++q) {
      float da = 0.0f, rda = 0.0f;
#pragma unroll
      for (int n = 0; n < O; ++n) {
        da = fma(delta[n], w[n][q], da);
        rda = fma(rd[n], w[n][q], rda);
        if constexpr (Head::weight_adapts) rda = fma(delta[n], u[n][q], rda);
      }
      d[q] = da * slope[q];
      if constexpr (F::curved && has_rz)
        r[q] = fma(rda, slope[q], da * bend[q] * along_u[q]);
      else
        r[q] = rda * slope[q];
    }
    t.template store_row<Columns>(t.template row<l>(deltas, at, i), at.column, d);
    t.template store_row<Columns>(t.template row<l>(r_deltas, at, i), at.column, r);
  }
  t.sync();
}

/// lambda of the small parameters of layer l's columns but the head's.
template <FixedShape s, int l>
__device__ __forceinline__ void r_columns(FixedState<s>& t, const FixedRows& side) {
  sum_columns<s, l>(
      t, side.rows, side.staged, t.template r_d<l>(), t.template r_d<l>(), [](int) {}, [](float*, float) {},
      [&](auto layer, float g, int e, int, int, int, bool) {
        constexpr int owner = decltype(layer)::value;
        if constexpr (owner < s.layers - 1) t.lambda_small[e] = t.lambda_small[e] - g;
      });
}

/// R{d} of the layer below layer l > 0 and, if it is not the lowest, its d, in the lanes of a backward
/// product.
template <FixedShape s, int l, int R, int C, int kept>
__device__ __forceinline__ void r_delta_below(FixedState<s>& t, const FixedRows& side, float* tape,
                                              float (&rd)[R][C], float (&d)[kept][C]) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  constexpr FixedLayerPlan below = Y::Below::plan;
  constexpr FixedTile tile = below.out;
  constexpr int low = s.lowest_adapting();
  constexpr bool has_rz = l > low, directed = l >= low && Y::weight_adapts, keeps_d = l > 1;
  constexpr bool by_lane = curved_by_lane<s, l - 1>;
  float curved[F::curved && has_rz ? R : 1][C];
  constexpr bool reads_da = keeps_d || (F::curved && has_rz && !by_lane);
  float da[reads_da ? R : 1][C];
  // Before the product, where there are registers for it.
  const auto fetch = [&] {
    if constexpr (F::curved && has_rz && by_lane)
      LaneRecord<R * C, s.lanes>::fetch(t.rest() + below.curved, t.lane, &curved[0][0]);
    if constexpr (reads_da) LaneRecord<R * C, s.lanes>::fetch(tape + below.record_da, t.lane, &da[0][0]);
  };
  if constexpr (!s.streamed) fetch();
  clear(rd);
  if constexpr (directed)
    multiply_rows<BackwardOf<s, l, true>>(t, t.template r_d<l>(), t.shared + Y::weight, t.template d<l>(),
                                          t.shared + Y::u_weight, side.rows, rd);
  else
    multiply_rows<BackwardOf<s, l, false>>(t, t.template r_d<l>(), t.shared + Y::weight, nullptr, nullptr,
                                           side.rows, rd);
  if constexpr (s.streamed) fetch();
  const FixedPlace at = t.template out_place<l - 1>();
  if constexpr (reads_da) {
#pragma unroll
    for (int i = 0; i < R; ++i)
#pragma unroll
      for (int q = 0; q < C; ++q) {
        const int r = at.row + tile.down * i, j = backward_column<tile, Y::swizzled>(at, q);
        const int place = r * below.row_stride + j;
        const float slope = slope_at<s, l - 1>(t, tape, r, j);
        if constexpr (F::curved && has_rz && !by_lane) {
          float bend;
          if constexpr (F::from_value)
            bend = F::second_derivative_of(t.template a<l - 1>(tape)[place], slope);
          else
            bend = tape[below.record_bend + place];
          curved[i][q] = da[i][q] * bend * t.rest()[below.curved + place];
        }
        if constexpr (keeps_d) d[i][q] = da[i][q] * slope;
      }
  }
#pragma unroll
  for (int i = 0; i < R; ++i)
#pragma unroll
    for (int q = 0; q < C; ++q) {
      const float slope =
          slope_at<s, l - 1>(t, tape, at.row + tile.down * i, backward_column<tile, Y::swizzled>(at, q));
      if constexpr (F::curved && has_rz)
        rd[i][q] = fma(rd[i][q], slope, curved[i][q]);
      else
        rd[i][q] = rd[i][q] * slope;
    }
}

/// The way back through layer l > 0: R{d} of the layer below, and lambda of the weight.
template <FixedShape s, int l>
__device__ __forceinline__ void r_backward_layer(FixedState<s>& t, const FixedRows& side, int k) {
  using Y = FixedLayer<s, l>;
  constexpr FixedLayerPlan below = Y::Below::plan;
  constexpr FixedTile tile = below.out, weight_tile = Y::weight_tile;
  constexpr int low = s.lowest_adapting(), R = tile.rows, C = tile.columns;
  constexpr bool has_rz = l > low, keeps_d = l > 1;
  r_columns<s, l>(t, side);
  float rd[R][C], d[keeps_d ? R : 1][C];
  float* const tape = t.record(k);
  r_delta_below<s, l>(t, side, tape, rd, d);
  const auto store_deltas = [&] {
    const FixedPlace at = t.template out_place<l - 1>();
    store_backward_rows<s, l>(t.template r_d<l - 1>(), at, rd);
    if constexpr (keeps_d) store_backward_rows<s, l>(t.template d<l - 1>(), at, d);
  };
  if constexpr (s.streamed) store_deltas();
  const auto start_copies = [&] {  // once activations, deltas and the weight have been read
    if constexpr (l == s.layers - 2 && !plan_of<s>.keeps_x) stage_rows(t, side);
    end_async_group();
    if constexpr (l == 1) {
      if (k > 0) prefetch(t, t.record(k - 1), side.rows);
      end_async_group();
    }
  };
  // u has been read, and slabs.
  if constexpr (s.streamed || weight_tile.strips > 1) t.sync();
#pragma unroll 1
  for (int strip = 0; strip < weight_tile.strips; ++strip) {
    float hv[1][weight_tile.rows][weight_tile.columns], lambda[weight_tile.rows][weight_tile.columns];
    fetch_lambda<s, l>(t, strip, lambda);
    clear(hv);
    if constexpr (has_rz)
      multiply_columns<l, true, 1>(t, t.template r<l - 1>(), t.template d<l>(), t.template a<l - 1>(tape),
                                   t.template r_d<l>(), side.rows, strip, hv);
    else
      multiply_columns<l, false, 1>(t, t.template a<l - 1>(tape), t.template r_d<l>(), nullptr, nullptr,
                                    side.rows, strip, hv);
    if constexpr (s.streamed || weight_tile.strips == 1) t.sync();
    if constexpr (weight_tile.strips == 1) start_copies();
    subtract_from_lambda<s, l>(t, t.template weight_place<l>(), strip, k - 1, lambda, hv[0]);
  }
  if constexpr (weight_tile.strips > 1) {
    t.sync();
    start_copies();
  }
  if constexpr (!s.streamed) store_deltas();
  wait_for_async<l == 1 ? 1 : 0>();
  t.sync();
}

/// The way back through step k. u is in its place; what the record supplies is on its way to shared memory.
template <FixedShape s>
__device__ __forceinline__ void back_through_step(FixedState<s>& t, const FixedRows& side, int k) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int top = plan.top, low = s.lowest_adapting();
  using First = FixedLayer<s, 0>;
  using F = typename FixedKinds<s>::F;
  float* const tape = t.record(k);
  wait_for_async<0>();
  t.sync();
  if constexpr (plan.recomputes) {
    const FixedPlace at = t.template out_place<0>();
    float a[First::out.rows][First::out.columns];
    start_with_bias<s, 0>(t, First::bias, at, a);
    multiply_rows<ForwardOf<s, 0, false>>(t, t.shared + side.staged, t.shared + First::weight, nullptr,
                                          nullptr, side.rows, a);
#pragma unroll
    for (int i = 0; i < First::out.rows; ++i)
#pragma unroll
      for (int q = 0; q < First::out.columns; ++q) a[i][q] = F::value(a[i][q]);
    store_rows<s, 0>(t.template a<0>(tape), at, a);
    if constexpr (low > 0 && top == 0) t.sync();  // the outputs read them at once
  }
  for_numbers<low, top>([&](auto number) {
    using Y = FixedLayer<s, decltype(number)::value>;
    float rz[Y::out.rows][Y::out.columns];
    r_forward_layer<s, decltype(number)::value>(t, side, tape, rz);
  });
  using Top = FixedLayer<s, top>;
  float rz[Top::out.rows][Top::out.columns] = {};
  if constexpr (low <= top) r_forward_layer<s, top>(t, side, tape, rz);
  r_losses<s>(t, side, tape);
  r_head<s>(t, side.rows, tape);
  r_top_delta<s>(t, tape, rz);
  for_numbers_down<1, top + 1>(
      [&](auto number) { r_backward_layer<s, decltype(number)::value>(t, side, k); });
  if constexpr (top == 0) {
    if (k > 0) prefetch(t, t.record(k - 1), side.rows);
    end_async_group();
  }
  if constexpr (!plan.narrow) {
    constexpr FixedTile tile = First::weight_tile;
#pragma unroll 1
    for (int strip = 0; strip < tile.strips; ++strip) {
      float hv[1][tile.rows][tile.columns], lambda[tile.rows][tile.columns];
      fetch_lambda<s, 0>(t, strip, lambda);
      clear(hv);
      multiply_columns<0, false, 1>(t, input_of<s, 0>(t, side, tape), t.template r_d<0>(), nullptr, nullptr,
                                    side.rows, strip, hv);
      if constexpr (s.streamed && tile.strips > 1) t.sync();  // before the next strip's slabs
      subtract_from_lambda<s, 0>(t, t.template weight_place<0>(), strip, k - 1, lambda, hv[0]);
    }
  }
  r_columns<s, 0>(t, side);
  if (k > 0) put_small_directions(t, k - 1);
}

}  // namespace shoal::kernels
