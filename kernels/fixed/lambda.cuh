// SPDX-License-Identifier: Apache-2.0
// lambda, the adjoint of phi, and u = alpha o lambda, the direction of the Hessian-vector product. lambda of
// a weight with a tile is in the workspace, lane by lane; that of the small parameters is in registers. u is
// in shared memory.
#pragma once

#include "kernels/fixed/gradient.cuh"

namespace shoal::kernels {

/// What the gradient of the last pass has left in u's place becomes lambda, u = alpha o lambda. `k`: the step
/// to go back through, or -1: lambda stays where it is.
template <FixedShape s>
__device__ __forceinline__ void take_lambda(FixedState<s>& t, int k) {
  using State = FixedState<s>;
  using Head = FixedLayer<s, s.layers - 1>;
  constexpr bool keeps_rows = s.exact && s.rates != LearnedRate::none;
  for_numbers<0, s.layers - 1>([&](auto number) {
    constexpr int l = decltype(number)::value;
    using Y = FixedLayer<s, l>;
    if constexpr (Y::tiled) {
      if (k < 0) return;
      constexpr int C = Y::weight_tile.columns;
      const float alpha = t.layer_rate(l, k);
      const FixedPlace at = t.template weight_place<l>();
      for_weight_rows<s, l>([&](int strip, int i) {
        float v[C];
        float* const row = t.template weight_row_at<l>(Y::u_weight, at, strip, i);
        const int lane = State::template weight_lane<l>(at, i);
        State::template WeightColumns<l>::load(row, lane, v);
        LaneRecord<C, s.lanes>::keep(t.template lambda_at<l>(strip, i), t.lane, v);
#pragma unroll
        for (int q = 0; q < C; ++q) {
          const bool inside = State::template is_inside<l>(at, strip, i, q);
          const int theta = State::template theta_place<l>(at, strip, i, q);
          if constexpr (keeps_rows) {
            if (inside) t.lambda_rows()[theta] = v[q];
          }
          v[q] = t.rate_of(alpha, theta, inside) * v[q];
        }
        State::template WeightColumns<l>::store(row, lane, v);
      });
    }
  });
  for_all_small<s>(t.lane, [&](auto, int e, int, int u, int theta, bool) {
    t.lambda_small[e] = t.shared[u];
    if constexpr (keeps_rows) t.lambda_rows()[theta] = t.lambda_small[e];
  });
  if (t.lane < s.outputs()) {
    t.lambda_head_bias = t.shared[Head::u_bias + t.lane];
    if constexpr (keeps_rows) t.lambda_rows()[Head::theta_bias + t.lane] = t.lambda_head_bias;
  }
}

/// u of the small parameters for step k.
template <FixedShape s>
__device__ __forceinline__ void put_small_directions(FixedState<s>& t, int k) {
  using Head = FixedLayer<s, s.layers - 1>;
  constexpr bool keeps_rows = s.exact && s.rates != LearnedRate::none;
  const float head_rate = t.layer_rate(s.layers - 1, k);
  for_numbers<0, s.layers - 1>([&](auto layer) {
    constexpr int l = decltype(layer)::value;
    const float own_rate = t.layer_rate(l, k);
    for_columns<s, l>(t.lane, [&](int c, int j) {
      for_small<s, l>(c, j, [&](auto kind, int e, int, int u, int theta, bool) {
        const float alpha = decltype(kind)::value >= small_head ? head_rate : own_rate;
        t.shared[u] = t.rate_of(alpha, theta) * t.lambda_small[e];
        if constexpr (keeps_rows) t.lambda_rows()[theta] = t.lambda_small[e];
      });
    });
  });
  if (t.lane < s.outputs()) {
    t.shared[Head::u_bias + t.lane] = t.rate_of(head_rate, Head::theta_bias + t.lane) * t.lambda_head_bias;
    if constexpr (keeps_rows) t.lambda_rows()[Head::theta_bias + t.lane] = t.lambda_head_bias;
  }
}

/// lambda of a strip of layer l from the workspace: asked for before the product whose result it meets.
template <FixedShape s, int l, int R, int C>
__device__ __forceinline__ void fetch_lambda(const FixedState<s>& t, int strip, float (&lambda)[R][C]) {
  using Kept = LaneRecord<C, s.lanes>;
  const float* const kept = t.template lambda_at<l>(strip, 0);
#pragma unroll
  for (int i = 0; i < R; ++i) Kept::fetch(kept + i * Kept::floats, t.lane, lambda[i]);
}

/// lambda - hv of the weight of layer l, hv being its Hessian-vector product, in the registers of a strip: to
/// the workspace and, times the rates of step `before`, to u's place. Without a step before, lambda itself
/// goes there.
template <FixedShape s, int l, int R, int C>
__device__ __forceinline__ void subtract_from_lambda(FixedState<s>& t, FixedPlace at, int strip, int before,
                                                     const float (&lambda)[R][C], const float (&hv)[R][C]) {
  using Y = FixedLayer<s, l>;
  using State = FixedState<s>;
  using Kept = LaneRecord<C, s.lanes>;
  const float alpha = t.layer_rate(l, before);
  float* const kept = t.template lambda_at<l>(strip, 0);
#pragma unroll
  for (int i = 0; i < R; ++i) {
    float v[C];
#pragma unroll
    for (int q = 0; q < C; ++q)
      v[q] = State::template is_inside<l>(at, strip, i, q) ? lambda[i][q] - hv[i][q] : 0.0f;
    if (before >= 0) {
      Kept::keep(kept + i * Kept::floats, t.lane, v);
#pragma unroll
      for (int q = 0; q < C; ++q) {
        const bool inside = State::template is_inside<l>(at, strip, i, q);
        const int theta = State::template theta_place<l>(at, strip, i, q);
        if constexpr (s.rates != LearnedRate::none) {
          if (inside) t.lambda_rows()[theta] = v[q];
        }
        v[q] = t.rate_of(alpha, theta, inside) * v[q];
      }
    }
    State::template WeightColumns<l>::store(t.template weight_row_at<l>(Y::u_weight, at, strip, i),
                                            State::template weight_lane<l>(at, i), v);
  }
}

}  // namespace shoal::kernels
