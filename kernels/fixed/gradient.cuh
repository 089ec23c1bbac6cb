// SPDX-License-Identifier: Apache-2.0
// The backward pass from dL/do: deltas, and the gradients of the rows' mean loss. An inner step takes its
// step at once, in the registers that hold the sums, and keeps what the second-order pass will read; the
// query pass leaves the gradient where the second-order pass expects u.
#pragma once

#include "kernels/fixed/forward.cuh"
#include "kernels/fixed/parameters.cuh"

namespace shoal::kernels {

enum class FixedPassKind { loss, step, query };

/// What a backward pass is for.
struct FixedDescent {
  FixedPassKind kind;
  int k = 0;              ///< the inner step
  float* tape = nullptr;  ///< record of the pass
  float* next = nullptr;  ///< record of the next step, or null
};

/// Derivatives of this lane's row i of layer l at its activations a [columns].
template <FixedShape s, int l>
__device__ __forceinline__ void derivatives_of_row(FixedPlace at, int i, const float* tape, const float* a,
                                                   float* slope, float* bend) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
#pragma unroll
  for (int q = 0; q < Y::out.columns; ++q) {
    if constexpr (F::from_value) {
      slope[q] = F::slope_of(a[q]);
      bend[q] = F::curved ? F::second_derivative_of(a[q], slope[q]) : 0.0f;
    } else {
      const int place = (at.row + Y::out.down * i) * Y::row_stride +
                        FixedState<s>::template OutColumns<l>::at(at.column, q);
      slope[q] = tape[Y::record_slope + place];
      bend[q] = tape[Y::record_bend + place];
    }
  }
}
/// f' at one element of layer l: row r, column j.
template <FixedShape s, int l>
__device__ __forceinline__ float slope_at(const FixedState<s>& t, float* tape, int r, int j) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  if constexpr (F::from_value) return F::slope_of(t.template a<l>(tape)[r * Y::row_stride + j]);
  return tape[Y::record_slope + r * Y::row_stride + j];
}

template <FixedShape s, int l, bool two_>
struct BackwardOf {
  using Y = FixedLayer<s, l>;
  static constexpr FixedTile tile = Y::Below::plan.out;
  static constexpr int out_layer = l - 1;
  static constexpr bool backward = true, swizzled = Y::swizzled, two = two_, streamed = s.streamed;
  static constexpr int terms = Y::outputs, b_stride = Y::weight_stride, from_stride = Y::row_stride;
  static constexpr int a_stride = streamed ? slab_stride(slab_columns(plan_of<s>, two ? 2 : 1)) : from_stride;
};

/// Stores values that a backward product through layer l has left: rows of layer l - 1.
template <FixedShape s, int l>
__device__ __forceinline__ void store_backward_rows(
    float* matrix, FixedPlace at,
    const float (&v)[FixedLayer<s, l>::Below::plan.out.rows][FixedLayer<s, l>::Below::plan.out.columns]) {
  constexpr FixedTile tile = FixedLayer<s, l>::Below::plan.out;
  if constexpr (FixedLayer<s, l>::swizzled) {
    store_rows<s, l - 1>(matrix, at, v);
  } else {
#pragma unroll
    for (int i = 0; i < tile.rows; ++i)
#pragma unroll
      for (int q = 0; q < tile.columns; ++q)
        FixedState<s>::template row<l - 1>(matrix, at, i)[backward_column<tile, false>(at, q)] = v[i][q];
  }
}

/// dL/dz of the top hidden layer.
template <FixedShape s>
__device__ __forceinline__ void top_delta(FixedState<s>& t, float* tape) {
  constexpr int l = s.layers - 2, O = s.outputs();
  using Y = FixedLayer<s, l>;
  using Head = FixedLayer<s, l + 1>;
  using Columns = typename FixedState<s>::template OutColumns<l>;
  constexpr int R = Y::out.rows, C = Y::out.columns;
  const FixedPlace at = t.template out_place<l>();
  float w[O][C];
#pragma unroll
  for (int n = 0; n < O; ++n)
    Columns::load(t.shared + Head::weight + n * Head::weight_stride, at.column, w[n]);
  float *const activations = t.template a<l>(tape), *const deltas = t.template delta<l>();
#pragma unroll tile_rows_at_once < s, R>
  for (int i = 0; i < R; ++i) {
    float a[C], delta[O], slope[C], bend[C], d[C];
    Columns::load(t.template row<l>(activations, at, i), at.column, a);
    derivatives_of_row<s, l>(at, i, tape, a, slope, bend);
#pragma unroll
    for (int n = 0; n < O; ++n) delta[n] = t.shared[plan_of<s>.delta + (at.row + Y::out.down * i) * O + n];
#pragma unroll
    for (int q = 0; q < C; ++q) {
      float da = 0.0f;
#pragma unroll
      for (int n = 0; n < O; ++n) da = fma(delta[n], w[n][q], da);
      d[q] = da * slope[q];
    }
    t.template store_row<Columns>(t.template row<l>(deltas, at, i), at.column, d);
  }
  t.sync();
}

/// Uses the gradient of a strip of this lane's tile of layer l: takes the inner step, or stores it.
template <FixedShape s, int l, int R, int C>
__device__ __forceinline__ void use_weight_gradient(FixedState<s>& t, const FixedDescent& pass, FixedPlace at,
                                                    int strip, float alpha, float (&g)[R][C]) {
  using Y = FixedLayer<s, l>;
  using State = FixedState<s>;
  using Columns = typename State::template WeightColumns<l>;
  static_assert(R == Y::weight_tile.rows && C == Y::weight_tile.columns);
#pragma unroll
  for (int i = 0; i < R; ++i)
#pragma unroll
    for (int q = 0; q < C; ++q)
      if (!State::template is_inside<l>(at, strip, i, q)) g[i][q] = 0.0f;
  if (pass.kind == FixedPassKind::query) {
    constexpr int base = s.exact ? Y::u_weight : Y::weight;
#pragma unroll
    for (int i = 0; i < R; ++i)
      Columns::store(t.template weight_row_at<l>(base, at, strip, i), State::template weight_lane<l>(at, i),
                     g[i]);
    return;
  }
  bool bad = false;
  float w[R][C];
#pragma unroll
  for (int i = 0; i < R; ++i)
    Columns::load(t.template weight_row_at<l>(Y::weight, at, strip, i), State::template weight_lane<l>(at, i),
                  w[i]);
#pragma unroll
  for (int i = 0; i < R; ++i) {
    const int lane = State::template weight_lane<l>(at, i);
#pragma unroll
    for (int q = 0; q < C; ++q) {
      const bool inside = State::template is_inside<l>(at, strip, i, q);
      const int theta = State::template theta_place<l>(at, strip, i, q);
      if constexpr (s.rates != LearnedRate::none && s.exact) {
        if (inside) t.gradient_rows(pass.k)[theta] = g[i][q];
      }
      g[i][q] = fma(-t.rate_of(alpha, theta, inside), g[i][q], w[i][q]);
      bad |= !State::is_finite(g[i][q]);
    }
    Columns::store(t.template weight_row_at<l>(Y::weight, at, strip, i), lane, g[i]);
  }
  t.note_failure(bad, pass.k);
  if constexpr (l > 0) {
    if (!pass.next) return;
    float* const kept = pass.next + Y::record_weight + strip * Y::weight_tile.strip_width();
#pragma unroll
    for (int i = 0; i < R; ++i)
      Columns::store_global(kept + State::template weight_row<l>(at, i) * Y::weight_stride,
                            State::template weight_lane<l>(at, i), g[i]);
  }
}

/// Calls use(Number<layer>, g, e, phi, u, theta, adapts) with the sums over rows of layer l's small
/// parameters (for_small): of deltas, of x times deltas, of activations times dL/do. add_head(head, a, r)
/// adds row r's terms of the head's weight: head[n] for an activation `a`; add_row(r) does what is done once
/// per row. Warps without a column sum nothing up.
template <FixedShape s, int l, class AddRow, class AddHead, class Use>
__device__ __forceinline__ void sum_columns(const FixedState<s>& t, int rows, int x, const float* d,
                                            const float* a, AddRow add_row, AddHead add_head, Use use) {
  using Y = FixedLayer<s, l>;
  if (!has_columns<s, l>(t.lane)) return;
  constexpr bool narrow = l == 0 && plan_of<s>.narrow, top = l == s.layers - 2;
  constexpr int K = Y::columns, O = top ? s.outputs() : 1;
  float bias[K] = {}, weight[K] = {}, head[K][O] = {};
  const auto to_a = a - d;
  const float* column = t.stepped(d + t.lane);
#pragma unroll rows_at_once < s>
  for (int r = 0; r < rows; ++r) {
    const float in = narrow ? t.shared[x + r] : 0.0f;
    if constexpr (top) add_row(r);
    for_columns<s, l>(t.lane, [&](int c, int) {
      const float delta = column[s.lanes * c];
      bias[c] = bias[c] + delta;
      if constexpr (narrow) weight[c] = fma(in, delta, weight[c]);
      if constexpr (top) add_head(head[c], column[to_a + s.lanes * c]);
    });
    column += Y::row_stride;
  }
  for_columns<s, l>(t.lane, [&](int c, int j) {
    for_small<s, l>(c, j, [&](auto number, int e, int phi, int u, int theta, bool adapts) {
      constexpr int kind = decltype(number)::value;
      if constexpr (kind == small_bias) use(Number<l>{}, bias[c], e, phi, u, theta, adapts);
      if constexpr (kind == small_weight) use(Number<0>{}, weight[c], e, phi, u, theta, adapts);
      if constexpr (kind >= small_head)
        use(Number<s.layers - 1>{}, head[c][kind - small_head], e, phi, u, theta, adapts);
    });
  });
}

/// Takes the step of a small parameter with gradient g, or stores the gradient.
template <FixedShape s>
__device__ __forceinline__ void use_small_gradient(FixedState<s>& t, const FixedDescent& pass, float g,
                                                   float alpha, int phi, int u, int theta, bool adapts) {
  if (pass.kind == FixedPassKind::query) {
    t.shared[u] = g;
  } else if (adapts) {
    const float moved = fma(-t.rate_of(alpha, theta), g, t.shared[phi]);
    t.note_failure(!FixedState<s>::is_finite(moved), pass.k);
    t.shared[phi] = moved;
    if constexpr (s.rates != LearnedRate::none && s.exact) t.gradient_rows(pass.k)[theta] = g;
  }
}

/// The small parameters of layer l's columns in a backward pass; with the top hidden layer's, the bias of the
/// head, one lane per output, and the sum of the loss terms.
template <FixedShape s, int l>
__device__ __forceinline__ void use_columns(FixedState<s>& t, const FixedDescent& pass,
                                            const FixedRows& side) {
  using Head = FixedLayer<s, s.layers - 1>;
  constexpr int O = s.outputs();
  const float own_rate = t.layer_rate(l, pass.k), head_rate = t.layer_rate(s.layers - 1, pass.k);
  const int output = t.lane < O ? t.lane : 0;
  float delta[O], head_bias = 0.0f, total = 0.0f;
  sum_columns<s, l>(
      t, side.rows, side.staged, t.template delta<l>(), t.template a<l>(pass.tape),
      [&](int r) {
        total = add_loss(t, r, total);
        head_bias = head_bias + t.shared[plan_of<s>.delta + r * O + output];
#pragma unroll
        for (int n = 0; n < O; ++n) delta[n] = t.shared[plan_of<s>.delta + r * O + n];
      },
      [&](float* head, float a) {
#pragma unroll
        for (int n = 0; n < O; ++n) head[n] = fma(a, delta[n], head[n]);
      },
      [&](auto layer, float g, int, int phi, int u, int theta, bool adapts) {
        use_small_gradient(t, pass, g, decltype(layer)::value == l ? own_rate : head_rate, phi, u, theta,
                           adapts);
      });
  if constexpr (l == s.layers - 2) {
    t.total_loss = total;
    if (t.lane < O)
      use_small_gradient(t, pass, head_bias, head_rate, Head::bias + t.lane, Head::u_bias + t.lane,
                         Head::theta_bias + t.lane, Head::bias_adapts);
  }
}

/// The gradient of the weight of layer l from A and deltas, handed to use_weight_gradient: as many strips at
/// once as fit the registers, which hold nothing else here.
///
/// waits: other lanes may still read the weight. Then a barrier separates them from the step, and read() is
/// called once activations and deltas have been read.
template <FixedShape s, int l, bool waits, class Read>
__device__ __forceinline__ void weight_gradient(FixedState<s>& t, const FixedDescent& pass,
                                                const FixedRows& side, Read read) {
  using Y = FixedLayer<s, l>;
  constexpr FixedTile tile = Y::weight_tile;
  constexpr int at_once = tile.elements() <= most_accumulators_alone ? tile.strips : 1;
  constexpr bool after = waits && at_once == tile.strips;
  const float alpha = t.layer_rate(l, pass.k);
  // Others read the weight until the barrier. Where all strips are summed up at once it may come after the
  // product. Where activations are streamed, others read slabs before and after.
  if constexpr (waits && (s.streamed || !after)) t.sync();
#pragma unroll 1
  for (int strip = 0; strip < tile.strips; strip += at_once) {
    float g[at_once][tile.rows][tile.columns];
    clear(g);
    multiply_columns<l, false, at_once>(t, input_of<s, l>(t, side, pass.tape), t.template delta<l>(), nullptr,
                                        nullptr, side.rows, strip, g);
    if constexpr (after || (s.streamed && (waits || at_once < tile.strips))) t.sync();
    if constexpr (after) read();
    const FixedPlace at = t.template weight_place<l>();
#pragma unroll
    for (int n = 0; n < at_once; ++n) use_weight_gradient<s, l>(t, pass, at, strip + n, alpha, g[n]);
  }
  if constexpr (waits && !after) {
    t.sync();
    read();
  }
}

/// Deltas of the hidden layer below layer l, and the gradients of layer l.
template <FixedShape s, int l>
__device__ __forceinline__ void backward_layer(FixedState<s>& t, const FixedDescent& pass,
                                               const FixedRows& side) {
  using Y = FixedLayer<s, l>;
  using F = typename FixedKinds<s>::F;
  constexpr FixedTile tile = Y::Below::plan.out;
  constexpr bool kept_da = l - 1 < s.layers - 2 && (F::curved || l - 1 > 0);
  const bool query = pass.kind == FixedPassKind::query;
  use_columns<s, l>(t, pass, side);
  if (query || s.lowest_adapting() < l) {
    const FixedPlace at = t.template out_place<l - 1>();
    float da[tile.rows][tile.columns];
    clear(da);
    multiply_rows<BackwardOf<s, l, false>>(t, t.template delta<l>(), t.shared + Y::weight, nullptr, nullptr,
                                           side.rows, da);
    if (s.exact && kept_da && !query)
      LaneRecord<tile.elements(), s.lanes>::keep(pass.tape + Y::Below::plan.record_da, t.lane, &da[0][0]);
#pragma unroll
    for (int i = 0; i < tile.rows; ++i)
#pragma unroll
      for (int q = 0; q < tile.columns; ++q)
        da[i][q] = da[i][q] * slope_at<s, l - 1>(t, pass.tape, at.row + tile.down * i,
                                                 backward_column<tile, Y::swizzled>(at, q));
    store_backward_rows<s, l>(t.template delta<l - 1>(), at, da);
  }
  constexpr bool stages = l == s.layers - 2 && !plan_of<s>.keeps_x;
  const auto stage = [&] {
    if constexpr (stages) stage_rows(t, side);
  };
  weight_gradient<s, l, true>(t, pass, side, stage);
  if constexpr (stages) {
    wait_for_async<0>();
    t.sync();
  }
}

/// A pass over the rows of one side; returns the sum of the loss terms.
template <FixedShape s>
__device__ __forceinline__ float run_pass(FixedState<s>& t, const FixedDescent& pass, const FixedRows& side) {
  constexpr FixedPlan plan = plan_of<s>;
  constexpr int top = s.layers - 2;
  const bool loss_only = pass.kind == FixedPassKind::loss, query = pass.kind == FixedPassKind::query;
  float* const kept = s.exact && pass.kind == FixedPassKind::step ? pass.tape : nullptr;
  for_numbers<0, top + 1>(
      [&](auto number) { forward_layer<s, decltype(number)::value>(t, side, pass.tape, kept != nullptr); });
  losses<s>(t, side, !loss_only, pass.tape, kept != nullptr);
  if (loss_only) return sum_of_losses(t, side.rows);
  if (kept)
    for (int e = t.lane; e < side.rows * s.outputs(); e += s.lanes)
      kept[plan.record_delta + e] = t.shared[plan.delta + e];
  if (query || s.lowest_adapting() <= top) {
    top_delta<s>(t, pass.tape);
    for_numbers_down<1, top + 1>([&](auto number) {
      constexpr int l = decltype(number)::value;
      if (query || s.lowest_adapting() <= l) backward_layer<s, l>(t, pass, side);
    });
    if (query || s.lowest_adapting() == 0) {
      if constexpr (!plan.narrow) {
        if (query || FixedLayer<s, 0>::weight_adapts) weight_gradient<s, 0, false>(t, pass, side, [] {});
      }
      use_columns<s, 0>(t, pass, side);
    }
  } else {
    use_columns<s, top>(t, pass, side);
  }
  if (pass.next) keep_small(t, pass.next);
  t.sync();
  return t.total_loss;
}

}  // namespace shoal::kernels
