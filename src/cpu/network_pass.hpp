// SPDX-License-Identifier: Apache-2.0
// One block of rows through a network: forward, loss, backward, and the Hessian-vector product by
// Pearlmutter's R-operator (1994): every quantity q of the first two passes gets R{q}, its derivative along u
// in parameter space.
//
//   forward     z_l = b_l + a_{l-1} W_l,  a_l = f(z_l);   o = z_L + x S + offset
//
//   backward    d_L = dl/do / n,  d_{l-1} = (d_l W_l^T) f'(z_{l-1})
//               dW_l = a_{l-1}^T d_l,  db_l = sum of d_l over rows,  dS = x^T d_L
//
//   R forward   Rz_l = ub_l + a_{l-1} U_l + Ra_{l-1} W_l,  Ra_l = f' Rz_l
//
//   R backward  Rd_L = (d2l/do2) Ro / n,  R(dW_l) = Ra_{l-1}^T d_l + a_{l-1}^T Rd_l
//               Rd_{l-1} = (Rd_l W_l^T + d_l U_l^T) f' + (d_l W_l^T) f'' Rz_{l-1}
//
// Terms of tensors that do not adapt (u = 0 there) are left out, not multiplied by zero: part of the bit
// contract, as is the order of every sum (docs/numerics.md). Oracle: src/reference, through tests/cpu.
//
// With lanes = units a product's right side must lie with its output index in the lanes: a weight as [inputs,
// outputs] on the way forward, as [outputs, inputs] on the way back. One of the two is kept, the other is
// made once a step (weights()), not once a block of rows.
#pragma once

#include "cpu/contraction.hpp"
#include "cpu/parameter_runs.hpp"
#include "cpu/row_losses.hpp"

namespace shoal::cpu {

/// Whose gradients a backward pass wants: those the inner loop moves, or all of theta's.
enum class Wanted { adapting, everything };

/// Parameters, and with lanes = units the weights that passes need the other way round.
template <class V>
struct Weights {
  const V* kept = nullptr;
  const V* turned = nullptr;
};

/// Whether a pass starts the sums over rows or goes on with those of the blocks before.
enum class RowSums { begin, go_on };

template <class L>
class NetworkPass {
 public:
  using V = typename L::V;
  using M = typename L::M;

  /// Scratch of the passes, in vectors.
  static std::size_t scratch_vectors(const Network& net, int block_rows) {
    return block_vectors(net, block_rows) + RowLosses<L>::scratch_vectors(net);
  }
  /// What weights() fills.
  static std::size_t turned_vectors(const Network& net) {
    return L::units ? turned_offset(net, net.layer_count + 1) : 0;
  }

  NetworkPass(const Network& net, const LossOptions& loss, int block_rows, V* scratch)
      : net_(net),
        rows_(block_rows),
        scratch_(scratch),
        losses_(net, loss, scratch + block_vectors(net, block_rows)) {}

  bool curved() const { return kernels::is_curved(net_.activation); }

  /// Parameters as the passes take them: turns what forward() reads, and for deltas of layers from `lowest`
  /// up what the way back reads. `turned` has room for turned_vectors().
  Weights<V> weights(const V* parameters, int lowest, V* turned) const {
    if constexpr (L::units) {
      for (int l = 0; l <= net_.layer_count; ++l) {
        if (l == net_.layer_count && !net_.has_skip) break;
        const LayerShape& layer = l < net_.layer_count ? net_.layers[l] : skip_;
        const bool is_turned = L::turned(layer);
        if (!is_turned && (l <= lowest || l == net_.layer_count)) continue;
        const int rows = is_turned ? layer.outputs : layer.inputs,
                  columns = is_turned ? layer.inputs : layer.outputs;
        turn<L>(parameters + layer.weight, L::stride(columns), rows, columns, turned + turned_offset(net_, l),
                L::stride(rows));
      }
    }
    return {parameters, turned};
  }

  void forward(Weights<V> phi, const RowBlock<L>& block, const Tape<L>& tape) const {
    const V* input = block.x;  // [rows, inputs of the layer]
    for (int l = 0; l < net_.layer_count; ++l) {
      const LayerShape& layer = net_.layers[l];
      const bool last = l + 1 == net_.layer_count;
      V* z = last ? tape.output() : tape.activation(l);
      product(z, layer.outputs, block.rows, {.start = Start::column, .column_start = phi.kept + layer.bias},
              {input, L::stride(layer.inputs), forward_weight(phi, l), L::stride(layer.outputs)}, {},
              layer.inputs);
      if (!last) activate(tape, l, block.rows);
      input = z;
    }
    if (net_.has_skip)
      product(
          tape.output(), net_.outputs, block.rows, {.start = Start::output},
          {block.x, L::stride(net_.inputs), forward_weight(phi, net_.layer_count), L::stride(net_.outputs)},
          {}, net_.inputs);
    if (block.offset) {
      V* o = tape.output();
      each_element(block.rows, net_.outputs, [&](int e) { o[e] = o[e] + block.offset[e]; });
    }
  }

  /// total + the loss terms of the block's rows, row by row.
  V add_loss(const RowBlock<L>& block, const Tape<L>& tape, V total) const {
    return losses_.add(block, tape.output(), total);
  }

  /// Gradient of the mean loss over rows; `scale` = 1 / terms. Needs forward(). `gradient` null: the tape
  /// only.
  void backward(Weights<V> phi, const RowBlock<L>& block, const Tape<L>& tape, V scale, Wanted wanted,
                RowSums sums, V* gradient) const {
    losses_.gradient(block, tape.output(), scale, tape.delta(net_.layer_count - 1));
    const bool all = wanted == Wanted::everything;
    const int lowest = all ? 0 : net_.lowest_adapting;
    for (int l = net_.layer_count - 1; l >= lowest; --l) {
      const LayerShape& layer = net_.layers[l];
      const V* input = l > 0 ? tape.activation(l - 1) : block.x;
      const V* delta = tape.delta(l);
      if (gradient && (all || layer.weight_adapts))
        sum_over_rows(gradient + layer.weight, layer, block, sums,
                      {input, L::stride(layer.inputs), delta, L::stride(layer.outputs)}, {});
      if (gradient && (all || layer.bias_adapts))
        sum_rows(gradient + layer.bias, layer.outputs, block, sums, delta);
      if (l > lowest) {
        V* da = scratch_;  // [rows, inputs of the layer]
        product_transposed(da, layer, block.rows,
                           {delta, L::stride(layer.outputs), backward_weight(phi, l), backward_stride(layer)},
                           {});
        through_activation(tape, l - 1, block.rows, da);
      }
    }
    if (gradient && net_.has_skip && (all || net_.skip_adapts))
      sum_over_rows(
          gradient + net_.skip, skip_, block, sums,
          {block.x, L::stride(net_.inputs), tape.delta(net_.layer_count - 1), L::stride(net_.outputs)}, {});
  }

  /// Hessian of the mean loss at phi times u (zero where tensors do not adapt), all of theta's rows. Needs
  /// forward() and backward(Wanted::adapting).
  void hessian_vector(Weights<V> phi, Weights<V> u, const RowBlock<L>& block, const Tape<L>& tape, V scale,
                      RowSums sums, V* hv) const {
    const int low = net_.lowest_adapting, last = net_.layer_count - 1;
    V* const ro =
        scratch_ + std::ptrdiff_t{rows_} * 2 * (net_.widest + net_.hidden_width);  // [rows, outputs]
    for (int l = low; l <= last; ++l) {
      const LayerShape& layer = net_.layers[l];
      V* rz = l < last ? r_sum(l) : ro;
      const int in = L::stride(layer.inputs), out = L::stride(layer.outputs);
      const Product<V> by_u{l > 0 ? tape.activation(l - 1) : block.x, in, forward_weight(u, l), out};
      const Product<V> by_w{l > low ? r_activation(l - 1) : nullptr, in, forward_weight(phi, l), out};
      product(rz, layer.outputs, block.rows,
              {.start = layer.bias_adapts ? Start::column : Start::zero, .column_start = u.kept + layer.bias},
              layer.weight_adapts ? by_u : by_w, layer.weight_adapts ? by_w : Product<V>{}, layer.inputs);
      if (l < last) {
        const V* slope = tape.slope(l);
        V* ra = r_activation(l);
        each_element(block.rows, layer.outputs, [&](int e) { ra[e] = rz[e] * slope[e]; });
      }
    }
    if (net_.has_skip && net_.skip_adapts)
      product(ro, net_.outputs, block.rows, {.start = Start::output},
              {block.x, L::stride(net_.inputs), forward_weight(u, net_.layer_count), L::stride(net_.outputs)},
              {}, net_.inputs);

    V* rd = scratch_ + std::ptrdiff_t{rows_} * net_.widest;  // [rows, outputs of the layer]
    losses_.curvature(block, tape.output(), ro, scale, rd);
    if (net_.has_skip)
      sum_over_rows(hv + net_.skip, skip_, block, sums,
                    {block.x, L::stride(net_.inputs), rd, L::stride(net_.outputs)}, {});
    for (int l = last; l >= 0; --l) {
      const LayerShape& layer = net_.layers[l];
      const V* input = l > 0 ? tape.activation(l - 1) : block.x;
      const int in = L::stride(layer.inputs), out = L::stride(layer.outputs);
      const Product<V> straight{input, in, rd, out};
      const Product<V> through_input{l > low ? r_activation(l - 1) : nullptr, in, tape.delta(l), out};
      sum_over_rows(hv + layer.weight, layer, block, sums, l > low ? through_input : straight,
                    l > low ? straight : Product<V>{});
      sum_rows(hv + layer.bias, layer.outputs, block, sums, rd);
      if (l == 0) break;
      V* rda = scratch_;  // [rows, inputs of the layer]
      const int stride = backward_stride(layer);
      const Product<V> by_u{l >= low && layer.weight_adapts ? tape.delta(l) : nullptr, out,
                            backward_weight(u, l), stride};
      product_transposed(rda, layer, block.rows, {rd, out, backward_weight(phi, l), stride}, by_u);
      const V* slope = tape.slope(l - 1);
      if (curved() && l > low) {
        const V* curve = tape.curve(l - 1);
        const V* rz = r_sum(l - 1);
        each_element(block.rows, layer.inputs,
                     [&](int e) { rd[e] = fma(rda[e], slope[e], curve[e] * rz[e]); });
      } else {
        each_element(block.rows, layer.inputs, [&](int e) { rd[e] = rda[e] * slope[e]; });
      }
    }
  }

 private:
  struct Begin {
    Start start = Start::zero;
    const V* column_start = nullptr;
  };

  static std::size_t block_vectors(const Network& net, int block_rows) {
    return static_cast<std::size_t>(block_rows) *
           (2 * static_cast<std::size_t>(net.widest) + 2 * static_cast<std::size_t>(net.hidden_width) +
            static_cast<std::size_t>(L::stride(net.outputs)));
  }

  /// Where weights() puts a layer's; `layer_count` is the skip.
  static std::size_t turned_offset(const Network& net, int layer) {
    std::size_t offset = 0;
    for (int l = 0; l < layer; ++l) {
      const LayerShape shape = l < net.layer_count ? net.layers[l] : ParameterRuns<L>::skip_of(net);
      const int rows = L::turned(shape) ? shape.inputs : shape.outputs,
                columns = L::turned(shape) ? shape.outputs : shape.inputs;
      offset += static_cast<std::size_t>(rows) * static_cast<std::size_t>(L::stride(columns));
    }
    return offset;
  }

  /// [inputs, outputs] with the outputs in vectors.
  const V* forward_weight(Weights<V> weights, int l) const {
    const LayerShape& layer = l < net_.layer_count ? net_.layers[l] : skip_;
    return L::turned(layer) ? weights.turned + turned_offset(net_, l) : weights.kept + layer.weight;
  }
  /// Lanes = units: [outputs, inputs] with the inputs in vectors; lanes = tasks: the weight itself.
  const V* backward_weight(Weights<V> weights, int l) const {
    const LayerShape& layer = net_.layers[l];
    return L::units && !L::turned(layer) ? weights.turned + turned_offset(net_, l)
                                         : weights.kept + layer.weight;
  }
  static int backward_stride(const LayerShape& layer) {
    return L::units ? L::stride(layer.inputs) : layer.outputs;
  }

  /// use(e) for the vectors of a matrix [rows, n].
  template <class Use>
  static inline __attribute__((always_inline)) void each_element(int rows, int n, Use use) {
    if constexpr (L::units) {
      for (int r = 0; r < rows; ++r)
        for (int e = r * L::stride(n), end = e + L::vectors(n); e < end; ++e) use(e);
    } else {
      for (int e = 0; e < rows * n; ++e) use(e);
    }
  }

  /// out[r][j] over rows r and the outputs j of a layer.
  static void product(V* out, int columns, int rows, Begin begin, Product<V> first, Product<V> second,
                      int terms) {
    if (!first.a) terms = 0;
    contract<L, Walk::forward>({.first = first,
                                .second = second,
                                .rows = rows,
                                .columns = L::vectors(columns),
                                .terms = terms,
                                .start = begin.start,
                                .column_start = begin.column_start,
                                .out = out,
                                .out_stride = L::stride(columns)});
  }

  /// out[r][i] over rows r and the inputs i of a layer.
  static void product_transposed(V* out, const LayerShape& layer, int rows, Product<V> first,
                                 Product<V> second) {
    contract<L, L::units ? Walk::forward : Walk::backward>({.first = first,
                                                            .second = second,
                                                            .rows = rows,
                                                            .columns = L::vectors(layer.inputs),
                                                            .terms = layer.outputs,
                                                            .start = Start::zero,
                                                            .out = out,
                                                            .out_stride = L::stride(layer.inputs)});
  }

  /// out[i][j]: sum over the block's rows, or out[j][i] where the weight is kept so.
  static void sum_over_rows(V* out, const LayerShape& layer, const RowBlock<L>& block, RowSums sums,
                            Product<V> first, Product<V> second) {
    const bool turned = L::turned(layer);
    const int columns = turned ? layer.inputs : layer.outputs;
    contract<L, Walk::weights>({.first = turned ? swapped(first) : first,
                                .second = turned ? swapped(second) : second,
                                .rows = turned ? layer.outputs : layer.inputs,
                                .columns = L::vectors(columns),
                                .terms = block.rows,
                                .start = sums == RowSums::begin ? Start::zero : Start::output,
                                .out = out,
                                .out_stride = L::stride(columns),
                                .lane_terms = block.lane_rows,
                                .common_terms = block.common_rows});
  }

  static Product<V> swapped(const Product<V>& p) { return {p.b, p.b_stride, p.a, p.a_stride}; }

  static void sum_rows(V* out, int columns, const RowBlock<L>& block, RowSums sums, const V* values) {
    const int count = L::vectors(columns), stride = L::stride(columns);
    if (sums == RowSums::begin)
      for (int j = 0; j < count; ++j) out[j] = V(0.0f);
    for (int r = 0; r < block.common_rows; ++r)
      for (int j = 0; j < count; ++j) out[j] = out[j] + values[r * stride + j];
    for (int r = block.common_rows; r < block.rows; ++r) {  // lanes = tasks
      const M active = L::below(r, block.lane_rows);
      for (int j = 0; j < count; ++j) out[j] = select(active, out[j] + values[r * stride + j], out[j]);
    }
  }

  /// z -> a in place, with f' and, for curved activations, f''.
  void activate(const Tape<L>& tape, int layer, int rows) const {
    V* a = tape.activation(layer);
    V* slope = tape.slope(layer);
    V* curve = tape.curve(layer);
    kernels::with_activation<L>(net_.activation, [&]<class F>(F) {
      each_element(rows, net_.layers[layer].outputs, [&](int e) {
        const V z = a[e];
        if constexpr (F::curved)
          F::curvature(z, a[e], slope[e], curve[e]);
        else
          F::slope(z, a[e], slope[e]);
      });
    });
  }

  /// dL/da -> dL/dz of a hidden layer; f'' becomes dL/da f''.
  void through_activation(const Tape<L>& tape, int layer, int rows, const V* da) const {
    V* delta = tape.delta(layer);
    const V* slope = tape.slope(layer);
    V* curve = tape.curve(layer);
    const int width = net_.layers[layer].outputs;
    each_element(rows, width, [&](int e) { delta[e] = da[e] * slope[e]; });
    if (curved()) each_element(rows, width, [&](int e) { curve[e] = da[e] * curve[e]; });
  }

  V* r_sum(int layer) const {
    return scratch_ + std::ptrdiff_t{rows_} * (2 * net_.widest + net_.layers[layer].width_before);
  }
  V* r_activation(int layer) const { return r_sum(layer) + std::ptrdiff_t{rows_} * net_.hidden_width; }

  const Network& net_;
  const LayerShape skip_ = ParameterRuns<L>::skip_of(net_);
  int rows_;
  V* scratch_;
  RowLosses<L> losses_;
};

}  // namespace shoal::cpu
