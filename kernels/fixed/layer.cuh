// SPDX-License-Identifier: Apache-2.0
// FixedLayer: the constants of one layer of a shape, and FixedKinds: its activation and loss as types.
#pragma once

#include "kernels/fixed/plan.hpp"
#include "kernels/math/choices.hpp"
#include "kernels/team/task_arguments.hpp"

namespace shoal::kernels {

template <FixedShape s>
inline constexpr FixedPlan plan_of = fixed_plan(s);

template <int value_>
struct Number {
  static constexpr int value = value_;
};
/// Calls use(Number<first>) .. use(Number<end - 1>).
template <int first, int end, class Use>
__device__ __forceinline__ void for_numbers(Use use) {
  if constexpr (first < end) {
    use(Number<first>{});
    for_numbers<first + 1, end>(use);
  }
}
/// The same, from the last number down.
template <int first, int end, class Use>
__device__ __forceinline__ void for_numbers_down(Use use) {
  if constexpr (first < end) {
    use(Number<end - 1>{});
    for_numbers_down<first, end - 1>(use);
  }
}

template <FixedShape s, int l>
struct FixedLayer {
  static constexpr FixedLayerPlan plan = plan_of<s>.layer[l];
  static constexpr int inputs = s.inputs_of(l), outputs = s.outputs_of[l];
  static constexpr FixedTile out = plan.out, weight_tile = plan.weight_tile;
  static constexpr bool tiled = plan.tiled, swizzled = plan.swizzled;
  static constexpr int weight_stride = plan.weight_stride, row_stride = plan.row_stride,
                       columns = plan.columns;
  static constexpr int weight = plan.weight, bias = plan.bias, u_weight = plan.u_weight, u_bias = plan.u_bias;
  static constexpr int lambda = plan.lambda, curved = plan.curved;
  static constexpr int record_weight = plan.record_weight, record_a = plan.record_a,
                       record_da = plan.record_da;
  static constexpr int record_slope = plan.record_slope, record_bend = plan.record_bend;
  static constexpr int theta_weight = plan.theta_weight, theta_bias = plan.theta_bias;
  static constexpr int theta_stride = plan.theta_stride, sum_weight = plan.sum_weight;
  static constexpr bool weight_adapts = s.weight_adapts(l), bias_adapts = s.bias_adapts(l);
  /// Small parameters of a column, and the number of those of the layers below, of one lane.
  static constexpr int small = small_of_column(s, l), recorded = recorded_of_column(s, plan_of<s>, l);
  static SHOAL_HD constexpr int small_before() {
    int n = 0;
    for (int k = 0; k < l; ++k) n += plan_of<s>.layer[k].columns * small_of_column(s, k);
    return n;
  }
  static SHOAL_HD constexpr int recorded_before() {
    int n = 0;
    for (int k = 0; k < l; ++k) n += plan_of<s>.layer[k].columns * recorded_of_column(s, plan_of<s>, k);
    return n;
  }
  /// Whether the tile covers the weight without lanes' elements beyond it.
  static constexpr bool covers = weight_tile.height() == inputs && weight_tile.width() == outputs;

  /// The input of the layer above the first: activations and R{a} of the layer below.
  struct Below {
    static constexpr FixedLayerPlan plan = plan_of<s>.layer[l > 0 ? l - 1 : 0];
  };
};

/// Calls use(c, j) for every output column j of the layer that this lane has.
template <FixedShape s, int l, class Use>
__device__ __forceinline__ void for_columns(int lane, Use use) {
  using Y = FixedLayer<s, l>;
#pragma unroll
  for (int c = 0; c < Y::columns; ++c)
    if (s.lanes * (c + 1) <= Y::outputs || lane + s.lanes * c < Y::outputs) use(c, lane + s.lanes * c);
}

/// Whether this lane's warp has columns of the layer.
template <FixedShape s, int l>
__device__ __forceinline__ bool has_columns(int lane) {
  constexpr int end = parts_of(FixedLayer<s, l>::outputs, warp_threads) * warp_threads;
  return end >= s.lanes || lane < end;
}

template <FixedShape s>
struct FixedKinds {
  using F = ActivationOf<s.activation>;
  using Loss = LossOf<s.loss>;
  static __device__ __forceinline__ Loss loss(const LossOptions& options) {
    LossOptions known;
    known.kind = s.loss;
    known.delta = options.delta;
    known.pos_weight = options.pos_weight;
    known.floor = options.floor;
    known.quantiles = options.quantiles;
    known.quantile_count = s.quantiles;
    Network net;
    net.outputs = s.outputs();
    net.targets = s.targets;
    return Loss::of(known, net);
  }
};

}  // namespace shoal::kernels
