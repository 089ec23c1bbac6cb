// SPDX-License-Identifier: Apache-2.0
// Parameters of a task in shared memory: from theta, to and from the records of steps, and the small ones,
// whose columns are dealt to the lanes: a bias, the weight of a first layer with one input, the weights of
// the head. The head's weight is transposed.
#pragma once

#include "kernels/device/shared_address.cuh"
#include "kernels/fixed/state.cuh"

namespace shoal::kernels {

/// What a small parameter is: a bias, a weight of a first layer with one input, or the weight of output n.
inline constexpr int small_bias = 0, small_weight = 1, small_head = 2;

/// Calls use(Number<kind>, e, phi, u, theta, adapts) for the small parameters of column c, j of layer l: what
/// it is (small_head + n for output n), its index among the lane's small parameters, its offsets in shared
/// memory and its place in theta.
template <FixedShape s, int l, class Use>
__device__ __forceinline__ void for_small(int c, int j, Use use) {
  using Y = FixedLayer<s, l>;
  const int e = Y::small_before() + c * Y::small;
  use(Number<small_bias>{}, e, Y::bias + j, Y::u_bias + j, Y::theta_bias + j, Y::bias_adapts);
  if constexpr (l == 0 && plan_of<s>.narrow)
    use(Number<small_weight>{}, e + 1, Y::weight + j, Y::u_weight + j, Y::theta_weight + j, Y::weight_adapts);
  if constexpr (l == s.layers - 2) {
    using Head = FixedLayer<s, s.layers - 1>;
    for_numbers<0, s.outputs()>([&](auto output) {
      constexpr int n = decltype(output)::value;
      use(Number<small_head + n>{}, e + Y::small - s.outputs() + n,
          Head::weight + n * Head::weight_stride + j, Head::u_weight + n * Head::weight_stride + j,
          Head::theta_weight + j * Head::theta_stride + n, Head::weight_adapts);
    });
  }
}

/// Calls use(...) of for_small for all small parameters of this lane.
template <FixedShape s, class Use>
__device__ __forceinline__ void for_all_small(int lane, Use use) {
  for_numbers<0, s.layers - 1>([&](auto number) {
    constexpr int l = decltype(number)::value;
    for_columns<s, l>(lane, [&](int c, int j) { for_small<s, l>(c, j, use); });
  });
}

/// Calls use(strip, i) for every row of this lane's tile of layer l, one strip after another.
template <FixedShape s, int l, class Use>
__device__ __forceinline__ void for_weight_rows(Use use) {
  constexpr FixedTile tile = FixedLayer<s, l>::weight_tile;
#pragma unroll 1
  for (int strip = 0; strip < tile.strips; ++strip)
#pragma unroll
    for (int i = 0; i < tile.rows; ++i) use(strip, i);
}

/// Starts to copy `floats` floats, whole 16-byte words one after another, to offset `to` of shared memory.
template <FixedShape s, int floats>
__device__ __forceinline__ void copy_words_async(const FixedState<s>& t, int to, const float* from) {
  float* const at = opaque_shared(t.shared + to + 4 * t.lane);
  from += 4 * t.lane;
  constexpr int whole = floats / (4 * s.lanes), rest = floats / 4 % s.lanes;
#pragma unroll(whole <= 8 ? 8 : 4)
  for (int i = 0; i < whole; ++i) copy_async<16>(at + 4 * s.lanes * i, from + 4 * s.lanes * i);
  if (rest > 0 && t.lane < rest) copy_async<16>(at + 4 * s.lanes * whole, from + 4 * s.lanes * whole);
}

/// Starts to copy theta to shared memory. Elements of tiles beyond the matrix become zero, at once.
template <FixedShape s>
__device__ __forceinline__ void load_theta(FixedState<s>& t) {
  using State = FixedState<s>;
  using Head = FixedLayer<s, s.layers - 1>;
  const float* const theta = t.job.theta;
  for_numbers<0, s.layers - 1>([&](auto number) {
    constexpr int l = decltype(number)::value;
    using Y = FixedLayer<s, l>;
    if constexpr (Y::tiled && Y::covers && !Y::swizzled && Y::theta_stride == Y::weight_stride) {
      copy_words_async<s, Y::inputs * Y::weight_stride>(t, Y::weight, theta + Y::theta_weight);
    } else if constexpr (Y::tiled) {
      constexpr int C = Y::weight_tile.columns;
      const FixedPlace at = t.template weight_place<l>();
      for_weight_rows<s, l>([&](int strip, int i) {
        if constexpr (Y::covers) {
          State::template WeightColumns<l>::copy_async_from(
              theta + Y::theta_weight + State::template weight_row<l>(at, i) * Y::theta_stride +
                  strip * Y::weight_tile.strip_width(),
              at.column, t.template weight_row_at<l>(Y::weight, at, strip, i),
              State::template weight_lane<l>(at, i));
        } else {
          float v[C];
#pragma unroll
          for (int q = 0; q < C; ++q)
            v[q] = State::template is_inside<l>(at, strip, i, q)
                       ? theta[State::template theta_place<l>(at, strip, i, q)]
                       : 0.0f;
          State::template WeightColumns<l>::store(t.template weight_row_at<l>(Y::weight, at, strip, i),
                                                  State::template weight_lane<l>(at, i), v);
        }
      });
    }
  });
  for_all_small<s>(
      t.lane, [&](auto, int, int phi, int, int from, bool) { copy_async<4>(t.shared + phi, theta + from); });
  if (t.lane < s.outputs()) copy_async<4>(t.shared + Head::bias + t.lane, theta + Head::theta_bias + t.lane);
}

/// Calls use(e, phi) for the small parameters that a record keeps: e counts floats of a lane.
template <FixedShape s, class Use>
__device__ __forceinline__ void for_recorded_small(int lane, Use use) {
  for_numbers<0, s.layers - 1>([&](auto number) {
    constexpr int l = decltype(number)::value;
    using Y = FixedLayer<s, l>;
    if constexpr (Y::recorded > 0) {
      constexpr int before = Y::recorded_before();
      for_columns<s, l>(lane, [&](int c, int j) {
        int e = before + c * Y::recorded;
        if constexpr (l == 0 && plan_of<s>.recomputes) {
          use(e, Y::bias + j);
          use(e + 1, Y::weight + j);
          e += 2;
        }
        if constexpr (l == s.layers - 2) {
          using Head = FixedLayer<s, s.layers - 1>;
#pragma unroll
          for (int n = 0; n < s.outputs(); ++n) use(e + n, Head::weight + n * Head::weight_stride + j);
        }
      });
    }
  });
}

/// The small parameters to the record of a step; each lane keeps what it owns.
template <FixedShape s>
__device__ __forceinline__ void keep_small(const FixedState<s>& t, float* record) {
  for_recorded_small<s>(t.lane, [&](int e, int phi) {
    record[plan_of<s>.record_small + s.lanes * e + t.lane] = t.shared[phi];
  });
}
/// All of phi that a record keeps: weights as they lie in shared memory. What any lane wrote must be visible.
template <FixedShape s>
__device__ __forceinline__ void keep_parameters(const FixedState<s>& t, float* record) {
  for_numbers<1, s.layers - 1>([&](auto number) {
    using Y = FixedLayer<s, decltype(number)::value>;
    for (int e = 4 * t.lane; e < Y::weight_tile.height() * Y::weight_stride; e += 4 * s.lanes) {
      float v[4];
      load4(t.shared + Y::weight + e, v);
      store_global4(record + Y::record_weight + e, v);
    }
  });
  keep_small(t, record);
}

/// Starts to copy to shared memory what the backward pass through a step reads: phi before it, its tape.
template <FixedShape s>
__device__ __forceinline__ void prefetch(const FixedState<s>& t, const float* record, int rows) {
  for_numbers<0, s.layers - 1>([&](auto number) {
    constexpr int l = decltype(number)::value;
    using Y = FixedLayer<s, l>;
    if constexpr (l > 0 && Y::weight_adapts) {
      copy_words_async<s, Y::weight_tile.height() * Y::weight_stride>(t, Y::weight,
                                                                      record + Y::record_weight);
    }
    if constexpr (!s.streamed && !(l == 0 && plan_of<s>.recomputes)) {
      using Kept = LaneRecord<Y::out.columns, s.lanes>;
      const FixedPlace at = t.template out_place<l>();
#pragma unroll
      for (int i = 0; i < Y::out.rows; ++i)
        Kept::template fetch_to<Y::out.across>(record + Y::record_a + i * Kept::floats, t.lane,
                                               t.template row<l>(t.shared + Y::plan.a, at, i), at.column);
    }
  });
  for_recorded_small<s>(t.lane, [&](int e, int phi) {
    copy_async<4>(t.shared + phi, record + plan_of<s>.record_small + s.lanes * e + t.lane);
  });
  for (int e = t.lane; e < rows * s.outputs(); e += s.lanes) {
    copy_async<4>(t.shared + plan_of<s>.delta + e, record + plan_of<s>.record_delta + e);
    if constexpr (curvature_reads_outputs(s.loss))
      copy_async<4>(t.shared + plan_of<s>.outputs + e, record + plan_of<s>.record_output + e);
  }
}

/// Stores phi in the layout of theta.
template <FixedShape s>
__device__ __forceinline__ void store_fast_weights(const FixedState<s>& t, float* to) {
  using State = FixedState<s>;
  using Head = FixedLayer<s, s.layers - 1>;
  for_numbers<0, s.layers - 1>([&](auto number) {
    constexpr int l = decltype(number)::value;
    using Y = FixedLayer<s, l>;
    if constexpr (Y::tiled) {
      const FixedPlace at = t.template weight_place<l>();
      for_weight_rows<s, l>([&](int strip, int i) {
        float v[Y::weight_tile.columns];
        State::template WeightColumns<l>::load(t.template weight_row_at<l>(Y::weight, at, strip, i),
                                               State::template weight_lane<l>(at, i), v);
#pragma unroll
        for (int q = 0; q < Y::weight_tile.columns; ++q)
          if (State::template is_inside<l>(at, strip, i, q))
            to[State::template theta_place<l>(at, strip, i, q)] = v[q];
      });
    }
  });
  for_all_small<s>(t.lane, [&](auto, int, int phi, int, int place, bool) { to[place] = t.shared[phi]; });
  if (t.lane < s.outputs()) to[Head::theta_bias + t.lane] = t.shared[Head::bias + t.lane];
}

}  // namespace shoal::kernels
