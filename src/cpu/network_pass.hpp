// SPDX-License-Identifier: Apache-2.0
// One block of rows through one network per lane: forward, loss, backward, and the Hessian-vector product by
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
#pragma once

#include "cpu/contraction.hpp"
#include "cpu/row_block.hpp"
#include "kernels/choices.hpp"

namespace shoal::cpu {

/// Whose gradients a backward pass wants: those the inner loop moves, or all of theta's.
enum class Wanted { adapting, everything };

/// Whether a pass starts the sums over rows or goes on with those of the blocks before.
enum class RowSums { begin, go_on };

template <class L>
class NetworkPass {
 public:
  using V = typename L::V;
  using M = typename L::M;

  /// Scratch of the passes, in vectors.
  static std::size_t scratch_vectors(const Network& net, int block_rows) {
    return static_cast<std::size_t>(block_rows) *
           (2 * static_cast<std::size_t>(net.widest) + 2 * static_cast<std::size_t>(net.hidden_width) +
            static_cast<std::size_t>(net.outputs));
  }

  NetworkPass(const Network& net, const LossOptions& loss, int block_rows, V* scratch)
      : net_(net), loss_(loss), rows_(block_rows), scratch_(scratch) {}

  bool curved() const { return kernels::is_curved(net_.activation); }

  void forward(const V* phi, const RowBlock<L>& block, const Tape<L>& tape) const {
    const V* input = block.x;  // [rows, inputs of the layer]
    for (int l = 0; l < net_.layer_count; ++l) {
      const LayerShape& layer = net_.layers[l];
      const bool last = l + 1 == net_.layer_count;
      V* z = last ? tape.output() : tape.activation(l);
      product(z, layer.outputs, block.rows, {.start = Start::column, .column_start = phi + layer.bias},
              {input, layer.inputs, phi + layer.weight, layer.outputs}, {}, layer.inputs);
      if (!last) activate(tape, l, block.rows);
      input = z;
    }
    if (net_.has_skip)
      product(tape.output(), net_.outputs, block.rows, {.start = Start::output},
              {block.x, net_.inputs, phi + net_.skip, net_.outputs}, {}, net_.inputs);
    if (block.offset) {
      V* o = tape.output();
      for (int e = 0; e < block.rows * net_.outputs; ++e) o[e] = o[e] + block.offset[e];
    }
  }

  /// total + the loss terms of the block's rows, row by row.
  V add_loss(const RowBlock<L>& block, const Tape<L>& tape, V total) const {
    kernels::with_loss<L>(loss_, net_, [&](const auto& loss) {
      for (int r = 0; r < block.rows; ++r) {
        const V sum = add_terms(loss, tape.output() + r * net_.outputs, block.y + r * net_.targets, total);
        total = r < block.common_rows ? sum : select(L::below(r, block.lane_rows), sum, total);
      }
    });
    return total;
  }

  /// Gradient of the mean loss over rows; `scale` = 1 / terms. Needs forward(). `gradient` null: the tape
  /// only.
  void backward(const V* phi, const RowBlock<L>& block, const Tape<L>& tape, V scale, Wanted wanted,
                RowSums sums, V* gradient) const {
    kernels::with_loss<L>(loss_, net_, [&](const auto& loss) {
      V* delta = tape.delta(net_.layer_count - 1);
      for (int r = 0; r < block.rows; ++r)
        loss.gradient(tape.output() + r * net_.outputs, block.y + r * net_.targets, scale,
                      delta + r * net_.outputs);
    });
    const bool all = wanted == Wanted::everything;
    const int lowest = all ? 0 : net_.lowest_adapting;
    for (int l = net_.layer_count - 1; l >= lowest; --l) {
      const LayerShape& layer = net_.layers[l];
      const V* input = l > 0 ? tape.activation(l - 1) : block.x;
      const V* delta = tape.delta(l);
      if (gradient && (all || layer.weight_adapts))
        sum_over_rows(gradient + layer.weight, layer, block, sums,
                      {input, layer.inputs, delta, layer.outputs}, {});
      if (gradient && (all || layer.bias_adapts))
        sum_rows(gradient + layer.bias, layer.outputs, block, sums, delta);
      if (l > lowest) {
        V* da = scratch_;  // [rows, inputs of the layer]
        product_transposed(da, layer, block.rows, {delta, layer.outputs, phi + layer.weight, layer.outputs},
                           {});
        through_activation(tape, l - 1, block.rows, da);
      }
    }
    if (gradient && net_.has_skip && (all || net_.skip_adapts)) {
      const LayerShape skip{.inputs = net_.inputs, .outputs = net_.outputs};
      sum_over_rows(gradient + net_.skip, skip, block, sums,
                    {block.x, net_.inputs, tape.delta(net_.layer_count - 1), net_.outputs}, {});
    }
  }

  /// Hessian of the mean loss at phi times u (zero where tensors do not adapt), all of theta's rows. Needs
  /// forward() and backward(Wanted::adapting).
  void hessian_vector(const V* phi, const V* u, const RowBlock<L>& block, const Tape<L>& tape, V scale,
                      RowSums sums, V* hv) const {
    const int low = net_.lowest_adapting, last = net_.layer_count - 1;
    V* const ro =
        scratch_ + std::ptrdiff_t{rows_} * 2 * (net_.widest + net_.hidden_width);  // [rows, outputs]
    for (int l = low; l <= last; ++l) {
      const LayerShape& layer = net_.layers[l];
      V* rz = l < last ? r_sum(l) : ro;
      const Product<V> by_u{l > 0 ? tape.activation(l - 1) : block.x, layer.inputs, u + layer.weight,
                            layer.outputs};
      const Product<V> by_w{l > low ? r_activation(l - 1) : nullptr, layer.inputs, phi + layer.weight,
                            layer.outputs};
      product(rz, layer.outputs, block.rows,
              {.start = layer.bias_adapts ? Start::column : Start::zero, .column_start = u + layer.bias},
              layer.weight_adapts ? by_u : by_w, layer.weight_adapts ? by_w : Product<V>{}, layer.inputs);
      if (l < last) {
        const V* slope = tape.slope(l);
        V* ra = r_activation(l);
        for (int e = 0; e < block.rows * layer.outputs; ++e) ra[e] = rz[e] * slope[e];
      }
    }
    if (net_.has_skip && net_.skip_adapts)
      product(ro, net_.outputs, block.rows, {.start = Start::output},
              {block.x, net_.inputs, u + net_.skip, net_.outputs}, {}, net_.inputs);

    V* rd = scratch_ + std::ptrdiff_t{rows_} * net_.widest;  // [rows, outputs of the layer]
    kernels::with_loss<L>(loss_, net_, [&](const auto& loss) {
      for (int r = 0; r < block.rows; ++r)
        loss.curvature(tape.output() + r * net_.outputs, block.y + r * net_.targets, ro + r * net_.outputs,
                       scale, rd + r * net_.outputs);
    });
    if (net_.has_skip) {
      const LayerShape skip{.inputs = net_.inputs, .outputs = net_.outputs};
      sum_over_rows(hv + net_.skip, skip, block, sums, {block.x, net_.inputs, rd, net_.outputs}, {});
    }
    for (int l = last; l >= 0; --l) {
      const LayerShape& layer = net_.layers[l];
      const V* input = l > 0 ? tape.activation(l - 1) : block.x;
      const Product<V> straight{input, layer.inputs, rd, layer.outputs};
      const Product<V> through_input{l > low ? r_activation(l - 1) : nullptr, layer.inputs, tape.delta(l),
                                     layer.outputs};
      sum_over_rows(hv + layer.weight, layer, block, sums, l > low ? through_input : straight,
                    l > low ? straight : Product<V>{});
      sum_rows(hv + layer.bias, layer.outputs, block, sums, rd);
      if (l == 0) break;
      V* rda = scratch_;  // [rows, inputs of the layer]
      const Product<V> by_u{l >= low && layer.weight_adapts ? tape.delta(l) : nullptr, layer.outputs,
                            u + layer.weight, layer.outputs};
      product_transposed(rda, layer, block.rows, {rd, layer.outputs, phi + layer.weight, layer.outputs},
                         by_u);
      const V* slope = tape.slope(l - 1);
      const int count = block.rows * layer.inputs;
      if (curved() && l > low) {
        const V* curve = tape.curve(l - 1);
        const V* rz = r_sum(l - 1);
        for (int e = 0; e < count; ++e) rd[e] = fma(rda[e], slope[e], curve[e] * rz[e]);
      } else {
        for (int e = 0; e < count; ++e) rd[e] = rda[e] * slope[e];
      }
    }
  }

 private:
  struct Begin {
    Start start = Start::zero;
    const V* column_start = nullptr;
  };

  /// out[r][j] over rows r and the outputs j of a layer.
  static void product(V* out, int columns, int rows, Begin begin, Product<V> first, Product<V> second,
                      int terms) {
    if (!first.a) terms = 0;
    contract<L, Walk::forward>({.first = first,
                                .second = second,
                                .rows = rows,
                                .columns = columns,
                                .terms = terms,
                                .start = begin.start,
                                .column_start = begin.column_start,
                                .out = out,
                                .out_stride = columns});
  }

  /// out[r][i] over rows r and the inputs i of a layer.
  static void product_transposed(V* out, const LayerShape& layer, int rows, Product<V> first,
                                 Product<V> second) {
    contract<L, Walk::backward>({.first = first,
                                 .second = second,
                                 .rows = rows,
                                 .columns = layer.inputs,
                                 .terms = layer.outputs,
                                 .start = Start::zero,
                                 .out = out,
                                 .out_stride = layer.inputs});
  }

  /// out[i][j]: sum over the block's rows.
  static void sum_over_rows(V* out, const LayerShape& layer, const RowBlock<L>& block, RowSums sums,
                            Product<V> first, Product<V> second) {
    contract<L, Walk::weights>({.first = first,
                                .second = second,
                                .rows = layer.inputs,
                                .columns = layer.outputs,
                                .terms = block.rows,
                                .start = sums == RowSums::begin ? Start::zero : Start::output,
                                .out = out,
                                .out_stride = layer.outputs,
                                .lane_terms = block.lane_rows,
                                .common_terms = block.common_rows});
  }

  static void sum_rows(V* out, int columns, const RowBlock<L>& block, RowSums sums, const V* values) {
    if (sums == RowSums::begin)
      for (int j = 0; j < columns; ++j) out[j] = V(0.0f);
    for (int r = 0; r < block.common_rows; ++r)
      for (int j = 0; j < columns; ++j) out[j] = out[j] + values[r * columns + j];
    for (int r = block.common_rows; r < block.rows; ++r) {
      const M active = L::below(r, block.lane_rows);
      for (int j = 0; j < columns; ++j) out[j] = select(active, out[j] + values[r * columns + j], out[j]);
    }
  }

  /// z -> a in place, with f' and, for curved activations, f''.
  void activate(const Tape<L>& tape, int layer, int rows) const {
    V* a = tape.activation(layer);
    V* slope = tape.slope(layer);
    V* curve = tape.curve(layer);
    const int count = rows * net_.layers[layer].outputs;
    kernels::with_activation<L>(net_.activation, [&]<class F>(F) {
      for (int e = 0; e < count; ++e) {
        const V z = a[e];
        if constexpr (F::curved)
          F::curvature(z, a[e], slope[e], curve[e]);
        else
          F::slope(z, a[e], slope[e]);
      }
    });
  }

  /// dL/da -> dL/dz of a hidden layer; f'' becomes dL/da f''.
  void through_activation(const Tape<L>& tape, int layer, int rows, const V* da) const {
    V* delta = tape.delta(layer);
    const V* slope = tape.slope(layer);
    V* curve = tape.curve(layer);
    const int count = rows * net_.layers[layer].outputs;
    for (int e = 0; e < count; ++e) delta[e] = da[e] * slope[e];
    if (curved())
      for (int e = 0; e < count; ++e) curve[e] = da[e] * curve[e];
  }

  V* r_sum(int layer) const {
    return scratch_ + std::ptrdiff_t{rows_} * (2 * net_.widest + net_.layers[layer].width_before);
  }
  V* r_activation(int layer) const { return r_sum(layer) + std::ptrdiff_t{rows_} * net_.hidden_width; }

  const Network& net_;
  const LossOptions& loss_;
  int rows_;
  V* scratch_;
};

}  // namespace shoal::cpu
