// SPDX-License-Identifier: Apache-2.0
// R{z}, R{a} and R{dL/do}: the forward half of a Hessian-vector product. R{x} is the derivative of x along u
// (Pearlmutter's operator).
#pragma once

#include "kernels/fixed/gradient.cuh"

namespace shoal::kernels {

/// Whether a hidden layer's dL/da f'' R{z} passes from the forward to the backward phase lane by lane. Else
/// R{z} passes, by rows, because the two phases deal columns differently.
template <FixedShape s, int l>
inline constexpr bool curved_by_lane = FixedLayer<s, l + 1>::swizzled;

/// R{z} of hidden layer l: R{a} to shared memory. The top layer's R{z} stays in `rz`.
template <FixedShape s, int l>
__device__ __forceinline__ void r_forward_layer(
    FixedState<s>& t, const FixedRows& side, const float* tape,
    float (&rz)[FixedLayer<s, l>::out.rows][FixedLayer<s, l>::out.columns]) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  using Columns = typename FixedState<s>::template OutColumns<l>;
  constexpr int R = Y::out.rows, C = Y::out.columns;
  constexpr bool inside = l > s.lowest_adapting();  // R of the layer's input is not zero
  const FixedPlace at = t.template out_place<l>();
  // What comes from global memory is asked for before the product.
  constexpr bool passes_curved = F::curved && l < s.layers - 2;
  float* const passed = t.rest() + Y::curved;
  float curved[passes_curved && curved_by_lane < s, passes_curved ? l : 0 > ? R : 1][C];
  if constexpr (passes_curved && curved_by_lane < s, passes_curved ? l : 0 >)
    LaneRecord<R * C, s.lanes>::fetch(tape + Y::record_da, t.lane, &curved[0][0]);
  if constexpr (Y::bias_adapts)
    start_with_bias<s, l>(t, Y::u_bias, at, rz);
  else
    clear(rz);
  const float *const input = t.shared + (l > 0 ? Y::Below::plan.a : side.staged), *const r_input =
                                                                                      t.shared +
                                                                                      Y::Below::plan.r;
  if constexpr (inside && Y::weight_adapts)
    forward_product<ForwardOf<s, l, true>>(input, t.shared + Y::u_weight, r_input, t.shared + Y::weight, at,
                                           rz);
  else if constexpr (inside)
    forward_product<ForwardOf<s, l, false>>(r_input, t.shared + Y::weight, nullptr, nullptr, at, rz);
  else if constexpr (Y::weight_adapts)
    forward_product<ForwardOf<s, l, false>>(input, t.shared + Y::u_weight, nullptr, nullptr, at, rz);
  float a[R][C];
#pragma unroll
  for (int i = 0; i < R; ++i) Columns::load(t.template row<l>(Y::a, at, i), at.column, a[i]);
#pragma unroll
  for (int i = 0; i < R; ++i) {
    float slope[C], bend[C], ra[C];
    derivatives_of_row<s, l>(at, i, tape, a[i], slope, bend);
#pragma unroll
    for (int q = 0; q < C; ++q) {
      if constexpr (passes_curved) {
        if constexpr (curved_by_lane < s, passes_curved ? l : 0 >)
          curved[i][q] = curved[i][q] * bend[q] * rz[i][q];
        else
          passed[(at.row + Y::out.down * i) * Y::row_stride + Columns::at(at.column, q)] = rz[i][q];
      }
      ra[q] = rz[i][q] * slope[q];
    }
    Columns::store(t.template row<l>(Y::r, at, i), at.column, ra);
  }
  if constexpr (passes_curved && curved_by_lane < s, passes_curved ? l : 0 >)
    LaneRecord<R * C, s.lanes>::keep(passed, t.lane, &curved[0][0]);
  t.sync();
}

/// R{dL/do} of every row, a row per lane.
template <FixedShape s>
__device__ __forceinline__ void r_losses(FixedState<s>& t, const FixedRows& side) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int O = s.outputs();
  using Top = FixedLayer<s, s.layers - 2>;
  using Head = FixedLayer<s, s.layers - 1>;
  constexpr bool inside = s.lowest_adapting() < s.layers - 1;
  const auto loss = FixedKinds<s>::loss(t.job.loss);
#pragma unroll 1
  for (int r = t.lane; r < side.rows; r += s.lanes) {
    float o[O] = {}, y[s.targets], ro[O], rd[O];
#pragma unroll
    for (int n = 0; n < s.targets; ++n) y[n] = t.shared[side.staged_y + r * s.targets + n];
    if constexpr (curvature_reads_outputs(s.loss)) {
#pragma unroll
      for (int n = 0; n < O; ++n) o[n] = t.shared[plan.outputs + r * O + n];
    }
#pragma unroll
    for (int n = 0; n < O; ++n) ro[n] = Head::bias_adapts ? t.shared[Head::u_bias + n] : 0.0f;
    const float *const a = t.shared + Top::a + r * Top::row_stride, *const ra = t.shared + Top::r +
                                                                                r * Top::row_stride;
    const float *const u = t.shared + Head::u_weight, *const w = t.shared + Head::weight;
    add_outputs<s, Head::weight_adapts, inside>(a, u, ra, w, ro);
    loss.curvature(o, y, ro, side.scale, rd);
#pragma unroll
    for (int n = 0; n < O; ++n) t.shared[plan.r_delta + r * O + n] = rd[n];
  }
  t.sync();
}

}  // namespace shoal::kernels
