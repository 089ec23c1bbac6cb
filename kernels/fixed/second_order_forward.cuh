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

/// Whether the top layer's R{z} passes through the workspace, lane by lane. Else it stays in registers, which
/// large tiles need for other things.
template <FixedShape s>
inline constexpr bool passes_top_rz = s.streamed&& FixedKinds<s>::F::curved;

/// R{z} of hidden layer l: R{a} to its place. The top layer's R{z} goes to `rz`.
template <FixedShape s, int l>
__device__ __forceinline__ void r_forward_layer(
    FixedState<s>& t, const FixedRows& side, float* tape,
    float (&rz)[FixedLayer<s, l>::out.rows][FixedLayer<s, l>::out.columns]) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  using Columns = typename FixedState<s>::template OutColumns<l>;
  constexpr int R = Y::out.rows, C = Y::out.columns;
  constexpr int below = l > 0 ? l - 1 : 0;
  constexpr bool inside = l > s.lowest_adapting();  // R of the layer's input is not zero
  const FixedPlace at = t.template out_place<l>();
  // What comes from global memory is asked for before the product, where there are registers for it.
  constexpr bool passes_curved = F::curved && l < s.layers - 2;
  constexpr bool by_lane = passes_curved && curved_by_lane < s, passes_curved ? l : 0 > ;
  using Kept = LaneRecord<C, s.lanes>;  // C is a multiple of four where curved values pass lane by lane
  float* const passed = t.rest() + Y::curved;
  float curved[by_lane ? R : 1][C];
  if constexpr (by_lane && !s.streamed)
    LaneRecord<R * C, s.lanes>::fetch(tape + Y::record_da, t.lane, &curved[0][0]);
  if constexpr (Y::bias_adapts)
    start_with_bias<s, l>(t, Y::u_bias, at, rz);
  else
    clear(rz);
  const float* const input = input_of<s, l>(t, side, tape);
  const float* const r_input = t.template r<below>();
  if constexpr (inside && Y::weight_adapts)
    multiply_rows<ForwardOf<s, l, true>>(t, input, t.shared + Y::u_weight, r_input, t.shared + Y::weight,
                                         side.rows, rz);
  else if constexpr (inside)
    multiply_rows<ForwardOf<s, l, false>>(t, r_input, t.shared + Y::weight, nullptr, nullptr, side.rows, rz);
  else if constexpr (Y::weight_adapts)
    multiply_rows<ForwardOf<s, l, false>>(t, input, t.shared + Y::u_weight, nullptr, nullptr, side.rows, rz);
  float *const activations = t.template a<l>(tape), *const r_activations = t.template r<l>();
  float a[R][C];
#pragma unroll
  for (int i = 0; i < R; ++i) Columns::load(t.template row<l>(activations, at, i), at.column, a[i]);
#pragma unroll
  for (int i = 0; i < R; ++i) {
    float slope[C], bend[C], ra[C];
    if constexpr (by_lane && s.streamed)
      Kept::fetch(tape + Y::record_da + i * Kept::floats, t.lane, curved[i]);
    derivatives_of_row<s, l>(at, i, tape, a[i], slope, bend);
#pragma unroll
    for (int q = 0; q < C; ++q) {
      if constexpr (passes_curved) {
        if constexpr (by_lane)
          curved[i][q] = curved[i][q] * bend[q] * rz[i][q];
        else
          passed[(at.row + Y::out.down * i) * Y::row_stride + Columns::at(at.column, q)] = rz[i][q];
      }
      ra[q] = rz[i][q] * slope[q];
    }
    t.template store_row<Columns>(t.template row<l>(r_activations, at, i), at.column, ra);
    if constexpr (by_lane && s.streamed) Kept::keep(passed + i * Kept::floats, t.lane, curved[i]);
    if constexpr (l == s.layers - 2 && passes_top_rz<s>) Kept::keep(passed + i * Kept::floats, t.lane, rz[i]);
  }
  if constexpr (by_lane && !s.streamed) LaneRecord<R * C, s.lanes>::keep(passed, t.lane, &curved[0][0]);
  t.sync();
}

/// R{dL/do} of every row, a row per lane.
template <FixedShape s>
__device__ __forceinline__ void r_losses(FixedState<s>& t, const FixedRows& side, float* tape) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int O = s.outputs();
  constexpr int top = s.layers - 2;
  using Head = FixedLayer<s, s.layers - 1>;
  constexpr bool inside = s.lowest_adapting() < s.layers - 1;
  const auto loss = FixedKinds<s>::loss(t.job.loss);
  const auto begin = [&](int n) { return Head::bias_adapts ? t.shared[Head::u_bias + n] : 0.0f; };
  for_outputs<s, Head::weight_adapts, inside>(t, side.rows, t.template a<top>(tape),
                                              t.shared + Head::u_weight, t.template r<top>(),
                                              t.shared + Head::weight, begin, [&](int r, float(&ro)[O]) {
                                                float o[O] = {}, y[s.targets], rd[O];
#pragma unroll
                                                for (int n = 0; n < s.targets; ++n)
                                                  y[n] = t.shared[side.staged_y + r * s.targets + n];
                                                if constexpr (curvature_reads_outputs(s.loss)) {
#pragma unroll
                                                  for (int n = 0; n < O; ++n)
                                                    o[n] = t.shared[plan.outputs + r * O + n];
                                                }
                                                loss.curvature(o, y, ro, side.scale, rd);
#pragma unroll
                                                for (int n = 0; n < O; ++n)
                                                  t.shared[plan.r_delta + r * O + n] = rd[n];
                                              });
  t.sync();
}

}  // namespace shoal::kernels
