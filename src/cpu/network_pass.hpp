// SPDX-License-Identifier: Apache-2.0
// Takes one block of rows through a network: forward, loss, backward, and the Hessian-vector product by
// Pearlmutter's R-operator (1994): for every quantity q of the first two passes it computes R{q}, the
// derivative of q along u in parameter space.
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
// Terms of tensors that do not adapt (u = 0 there) are left out and not multiplied by zero. This is part of
// the numerical contract, as is the order of every sum (docs/numerics.md). Oracle: src/reference, through
// tests/cpu.
//
// With lanes = units the right operand of a product must have its output index in the lanes: a weight must be
// [inputs, outputs] in the forward pass and [outputs, inputs] in the backward pass. One of the two is stored;
// weights() makes the other one once per step, not once per block of rows.
#pragma once

#include "cpu/layer_rows.hpp"
#include "cpu/parameter_spans.hpp"
#include "cpu/parameter_updates.hpp"
#include "cpu/row_losses.hpp"

namespace shoal::cpu {

/// Which gradients a backward pass computes: those of tensors that adapt, or of all of theta.
enum class GradientScope { adapting, everything };

/// Parameters and, with lanes = units, transposed copies of the weights that passes need in that form.
template <class V>
struct Weights {
  const V* stored = nullptr;
  const V* transposed = nullptr;
};

/// Whether a pass starts the sums over rows or continues those of the previous blocks.
enum class RowSums { begin, resume };

template <class L>
class NetworkPass {
 public:
  using V = typename L::V;
  using M = typename L::M;

  /// Size of the scratch memory of the passes, in vectors.
  static std::size_t scratch_vectors(const Network& net, const LossOptions& loss, int block_rows) {
    return block_vectors(net, block_rows) + RowLosses<L>::scratch_vectors(net, loss);
  }
  /// Size of the memory that weights() fills, in vectors.
  static std::size_t transposed_vectors(const Network& net) {
    return L::units ? transposed_offset(net, net.layer_count + 1) : 0;
  }

  NetworkPass(const Network& net, const LossOptions& loss, int block_rows, V* scratch)
      : net_(net),
        rows_(block_rows),
        scratch_(scratch),
        losses_(net, loss, scratch + block_vectors(net, block_rows)),
        layers_(net) {}

  /// Prepares parameters for the passes: transposes the weights that forward() needs in that form, and those
  /// that the backward pass needs for the deltas of layers from `lowest` up. `transposed` has
  /// transposed_vectors() vectors.
  Weights<V> weights(const V* parameters, int lowest, V* transposed) const {
    if constexpr (L::units) {
      for (int l = 0; l <= net_.layer_count; ++l) {
        if (l == net_.layer_count && !net_.has_skip) break;
        const LayerShape& layer = l < net_.layer_count ? net_.layers[l] : skip_;
        const bool is_transposed = L::transposed(layer);
        if (is_transposed ? is_single_output(l) : l <= lowest || l == net_.layer_count) continue;
        const int rows = is_transposed ? layer.outputs : layer.inputs,
                  columns = is_transposed ? layer.inputs : layer.outputs;
        transpose<L>(parameters + layer.weight, L::stride(columns), rows, columns,
                     transposed + transposed_offset(net_, l), L::stride(rows));
      }
    }
    return {parameters, transposed};
  }

  void forward(Weights<V> phi, const RowBlock<L>& block, const Tape<L>& tape, TapeUse use) const {
    const V* input = block.x;  // [rows, inputs of the layer]
    for (int l = 0; l < net_.layer_count; ++l) {
      const LayerShape& layer = net_.layers[l];
      const bool last = l + 1 == net_.layer_count;
      const int in = L::stride(layer.inputs);
      V* z = last ? tape.output() : tape.activation(l);
      const V* bias = phi.stored + layer.bias;
      if (is_single_output(l)) {
        LayerRows<L>::dot_rows(z, block.rows, first_lane(bias), {input, in, phi.stored + layer.weight, 0}, {},
                               layer.inputs);
      } else if (!last && is_single_input(layer)) {
        const V* w = forward_weight(phi, l);
        layers_.activate(tape, l, block.rows, use, [&](int r, int j, int) SHOAL_INLINE {
          return fma(LayerRows<L>::spread(input, r, in), w[j], bias[j]);
        });
      } else {
        product(z, layer.outputs, block.rows, {.start = Start::column, .column_start = bias},
                {input, in, forward_weight(phi, l), L::stride(layer.outputs)}, {}, layer.inputs);
        if (!last)
          layers_.activate(tape, l, block.rows, use, [&](int, int, int e) SHOAL_INLINE { return z[e]; });
      }
      input = z;
    }
    if (net_.has_skip)
      product(
          tape.output(), net_.outputs, block.rows, {.start = Start::output},
          {block.x, L::stride(net_.inputs), forward_weight(phi, net_.layer_count), L::stride(net_.outputs)},
          {}, net_.inputs);
    if (block.offset) {
      V* o = tape.output();
      LayerRows<L>::each_cell(block.rows, net_.outputs,
                              [&](int, int, int e) SHOAL_INLINE { o[e] = o[e] + block.offset[e]; });
    }
  }

  /// total + the loss terms of the rows of the block, row by row.
  V add_loss(const RowBlock<L>& block, const Tape<L>& tape, V total) const {
    return losses_.add(block, tape.output(), total);
  }

  /// Computes the gradient of the mean loss over rows; `scale` = 1 / terms. Needs forward() with the same
  /// use. If `gradient` is null, computes the tape only. The sums of parameter p have the address `gradient`
  /// + p, by which the update knows p; the update takes the finished sums, which need not be stored there.
  template <class Update>
  void backward(Weights<V> phi, const RowBlock<L>& block, const Tape<L>& tape, TapeUse use, V scale,
                GradientScope scope, RowSums sums, V* gradient, Update& update) const {
    losses_.gradient(block, tape.output(), scale, tape.delta(net_.layer_count - 1));
    const bool all = scope == GradientScope::everything;
    const int lowest = all ? 0 : net_.lowest_adapting;
    for (int l = net_.layer_count - 1; l >= lowest; --l) {
      const LayerShape& layer = net_.layers[l];
      const V* input = l > 0 ? tape.activation(l - 1) : block.x;
      const V* delta = tape.delta(l);
      if (gradient && (all || layer.weight_adapts))
        sum_over_rows(gradient + layer.weight, l, block, sums,
                      {input, L::stride(layer.inputs), delta, L::stride(layer.outputs)}, {}, update);
      if (gradient && (all || layer.bias_adapts))
        sum_rows(gradient + layer.bias, l, block, sums, delta, update);
      if (l > lowest) {
        const Product<V> by_w{delta, L::stride(layer.outputs), backward_weight(phi, l),
                              backward_stride(layer)};
        product_back(layer, block.rows, by_w, {}, [&](auto from) SHOAL_INLINE {
          layers_.activate_backward(tape, l - 1, block.rows, use, from);
        });
      }
    }
    if (gradient && net_.has_skip && (all || net_.skip_adapts))
      sum_over_rows(
          gradient + net_.skip, net_.layer_count, block, sums,
          {block.x, L::stride(net_.inputs), tape.delta(net_.layer_count - 1), L::stride(net_.outputs)}, {},
          update);
  }
  void backward(Weights<V> phi, const RowBlock<L>& block, const Tape<L>& tape, TapeUse use, V scale,
                GradientScope scope, RowSums sums, V* gradient) const {
    NoUpdate<L> no_update;
    backward(phi, block, tape, use, scale, scope, sums, gradient, no_update);
  }

  /// Computes the Hessian of the mean loss at phi times u, for all of theta; u is zero for tensors that do
  /// not adapt. Needs forward() and backward(GradientScope::adapting) with TapeUse::hessian. The update takes
  /// the sums and may change u.
  template <class Update>
  void hessian_vector(Weights<V> phi, Weights<V> u, const RowBlock<L>& block, const Tape<L>& tape, V scale,
                      RowSums sums, V* hv, Update& update) const {
    const int low = net_.lowest_adapting, last = net_.layer_count - 1;
    V* const ro = r_output();
    r_forward(phi, u, block, tape, ro);
    V* const rd_last = scratch_ + std::ptrdiff_t{rows_} * net_.widest;
    V* rd = rd_last;  // [rows, outputs of the layer]; the other half is for products
    losses_.curvature(block, tape.output(), ro, scale, rd);
    if (net_.has_skip)
      sum_over_rows(hv + net_.skip, net_.layer_count, block, sums,
                    {block.x, L::stride(net_.inputs), rd, L::stride(net_.outputs)}, {}, update);
    for (int l = last; l >= 0; --l) {
      const LayerShape& layer = net_.layers[l];
      const V* input = l > 0 ? tape.activation(l - 1) : block.x;
      const int in = L::stride(layer.inputs), out = L::stride(layer.outputs), stride = backward_stride(layer);
      const Product<V> straight{input, in, rd, out};
      const Product<V> through_input{l > low ? r_activation(l - 1) : nullptr, in, tape.delta(l), out};
      V* const other = rd == rd_last ? scratch_ : rd_last;
      // The backward pass must read this layer's part of u before the update writes it, and the sums must
      // read rd before it is written again.
      const auto add_up = [&] {
        sum_over_rows(hv + layer.weight, l, block, sums, l > low ? through_input : straight,
                      l > low ? straight : Product<V>{}, update);
        sum_rows(hv + layer.bias, l, block, sums, rd, update);
      };
      if (l == 0) {
        add_up();
        break;
      }
      const Product<V> by_w{rd, out, backward_weight(phi, l), stride};
      const Product<V> by_u{l >= low && layer.weight_adapts ? tape.delta(l) : nullptr, out,
                            backward_weight(u, l), stride};
      const V* r_sums = layers_.curved() && l > low ? r_sum(l - 1) : nullptr;
      if (layer.outputs == 1) {
        layers_.r_activate_backward(tape, l - 1, block.rows, r_sums, other, single_term(by_w, by_u));
        add_up();
        rd = other;
      } else {
        product_transposed(other, layer, block.rows, by_w, by_u);
        add_up();
        layers_.r_activate_backward(tape, l - 1, block.rows, r_sums, rd,
                                    [&](int, int, int e) SHOAL_INLINE { return other[e]; });
      }
    }
  }

 private:
  /// Computes R{z} and R{a} from the lowest layer that adapts on, and R{o}.
  void r_forward(Weights<V> phi, Weights<V> u, const RowBlock<L>& block, const Tape<L>& tape, V* ro) const {
    const int low = net_.lowest_adapting, last = net_.layer_count - 1;
    for (int l = low; l <= last; ++l) {
      const LayerShape& layer = net_.layers[l];
      const int in = L::stride(layer.inputs), out = L::stride(layer.outputs);
      const V* a = l > 0 ? tape.activation(l - 1) : block.x;
      const V* bias = u.stored + layer.bias;
      Product<V> by_u{a, in, forward_weight(u, l), out},
          by_w{l > low ? r_activation(l - 1) : nullptr, in, forward_weight(phi, l), out};
      if (is_single_output(l)) {
        by_u.b = u.stored + layer.weight;
        by_w.b = phi.stored + layer.weight;
        LayerRows<L>::dot_rows(ro, block.rows, layer.bias_adapts ? first_lane(bias) : 0.0f,
                               layer.weight_adapts ? by_u : by_w, layer.weight_adapts ? by_w : Product<V>{},
                               layer.inputs);
        continue;
      }
      V* r_sums = layers_.curved() ? r_sum(l) : nullptr;
      if (l < last && l == low && is_single_input(layer) && layer.weight_adapts && layer.bias_adapts) {
        layers_.r_activate(tape, l, block.rows, r_activation(l), r_sums, [&](int r, int j, int) SHOAL_INLINE {
          return fma(LayerRows<L>::spread(a, r, in), by_u.b[j], bias[j]);
        });
        continue;
      }
      V* rz = l == last ? ro : r_sums ? r_sums : r_activation(l);
      product(rz, layer.outputs, block.rows,
              {.start = layer.bias_adapts ? Start::column : Start::zero, .column_start = bias},
              layer.weight_adapts ? by_u : by_w, layer.weight_adapts ? by_w : Product<V>{}, layer.inputs);
      if (l < last)
        layers_.r_activate(tape, l, block.rows, r_activation(l), nullptr,
                           [&](int, int, int e) SHOAL_INLINE { return rz[e]; });
    }
    if (net_.has_skip && net_.skip_adapts)
      product(ro, net_.outputs, block.rows, {.start = Start::output},
              {block.x, L::stride(net_.inputs), forward_weight(u, net_.layer_count), L::stride(net_.outputs)},
              {}, net_.inputs);
  }

  struct Begin {
    Start start = Start::zero;
    const V* column_start = nullptr;
  };

  static std::size_t block_vectors(const Network& net, int block_rows) {
    return static_cast<std::size_t>(block_rows) *
           (2 * static_cast<std::size_t>(net.widest) + 2 * static_cast<std::size_t>(net.hidden_width) +
            static_cast<std::size_t>(L::stride(net.outputs)));
  }

  /// Offset of the transposed weight of a layer; `layer_count` is the skip.
  static std::size_t transposed_offset(const Network& net, int layer) {
    std::size_t offset = 0;
    for (int l = 0; l < layer; ++l) {
      const LayerShape shape = l < net.layer_count ? net.layers[l] : ParameterSpans<L>::skip_of(net);
      const int rows = L::transposed(shape) ? shape.inputs : shape.outputs,
                columns = L::transposed(shape) ? shape.outputs : shape.inputs;
      offset += static_cast<std::size_t>(rows) * static_cast<std::size_t>(L::stride(columns));
    }
    return offset;
  }

  /// The weight as [inputs, outputs], with the outputs in vectors.
  const V* forward_weight(Weights<V> weights, int l) const {
    const LayerShape& layer = l < net_.layer_count ? net_.layers[l] : skip_;
    return L::transposed(layer) ? weights.transposed + transposed_offset(net_, l)
                                : weights.stored + layer.weight;
  }
  /// With lanes = units: the weight as [outputs, inputs], with the inputs in vectors. With lanes = tasks: the
  /// weight itself.
  const V* backward_weight(Weights<V> weights, int l) const {
    const LayerShape& layer = net_.layers[l];
    return L::units && !L::transposed(layer) ? weights.transposed + transposed_offset(net_, l)
                                             : weights.stored + layer.weight;
  }
  static int backward_stride(const LayerShape& layer) {
    return L::units ? L::stride(layer.inputs) : layer.outputs;
  }

  static float first_lane(const V* v) { return reinterpret_cast<const float*>(v)[0]; }
  /// With lanes = units: whether l is the last layer and has one output, which would fill one lane of every
  /// vector.
  bool is_single_output(int l) const {
    return L::units && l + 1 == net_.layer_count && net_.layers[l].outputs == 1;
  }
  /// Whether the products of a layer have one term and its weight is stored as it is used.
  static bool is_single_input(const LayerShape& layer) { return layer.inputs == 1 && !L::transposed(layer); }

  /// Computes an element of a product with one term, or of the sum of two such products.
  static auto single_term(const Product<V>& first, const Product<V>& second) {
    return [first, second](int r, int j, int) SHOAL_INLINE {
      const V sum =
          fma(LayerRows<L>::spread(first.a, r, static_cast<int>(first.a_stride)), first.b[j], V(0.0f));
      if (!second.a) return sum;
      return fma(LayerRows<L>::spread(second.a, r, static_cast<int>(second.a_stride)), second.b[j], sum);
    };
  }

  /// Computes out[r][j] for rows r and outputs j of a layer.
  static void product(V* out, int columns, int rows, Begin begin, Product<V> first, Product<V> second,
                      int terms) {
    if (!first.a) terms = 0;
    gemm<L, GemmLayout::nn>({.first = first,
                             .second = second,
                             .rows = rows,
                             .columns = L::vectors(columns),
                             .terms = terms,
                             .start = begin.start,
                             .column_start = begin.column_start,
                             .out = out,
                             .out_stride = L::stride(columns)});
  }

  /// Computes out[r][i] for rows r and inputs i of a layer.
  static void product_transposed(V* out, const LayerShape& layer, int rows, Product<V> first,
                                 Product<V> second) {
    gemm<L, L::units ? GemmLayout::nn : GemmLayout::nt>({.first = first,
                                                         .second = second,
                                                         .rows = rows,
                                                         .columns = L::vectors(layer.inputs),
                                                         .terms = layer.outputs,
                                                         .start = Start::zero,
                                                         .out = out,
                                                         .out_stride = L::stride(layer.inputs)});
  }

  /// The products of the backward pass, from the outputs of a layer to its inputs. Calls use(from), where
  /// from(r, j, e) gives an element.
  template <class Use>
  void product_back(const LayerShape& layer, int rows, const Product<V>& first, const Product<V>& second,
                    Use use) const {
    if (layer.outputs == 1) {
      use(single_term(first, second));
    } else {
      product_transposed(scratch_, layer, rows, first, second);
      use([products = scratch_](int, int, int e) SHOAL_INLINE { return products[e]; });
    }
  }

  /// Computes out[i][j] of layer l (`layer_count`: the skip), a sum over the rows of the block; or out[j][i]
  /// if the weight is stored transposed.
  template <class Update>
  void sum_over_rows(V* out, int l, const RowBlock<L>& block, RowSums sums, Product<V> first,
                     Product<V> second, Update& update) const {
    const LayerShape& layer = l < net_.layer_count ? net_.layers[l] : skip_;
    const bool transposed = L::transposed(layer);
    const int columns = transposed ? layer.inputs : layer.outputs;
    auto epilogue = update.begin(rates_layer(l), columns);
    gemm<L, GemmLayout::tn>({.first = transposed ? swapped(first) : first,
                             .second = transposed ? swapped(second) : second,
                             .rows = transposed ? layer.outputs : layer.inputs,
                             .columns = L::vectors(columns),
                             .terms = block.rows,
                             .start = sums == RowSums::begin ? Start::zero : Start::output,
                             .out = out,
                             .out_stride = L::stride(columns),
                             .lane_terms = block.lane_rows,
                             .common_terms = block.common_rows},
                            epilogue);
    update.end(epilogue);
  }
  template <class Update>
  void sum_rows(V* out, int l, const RowBlock<L>& block, RowSums sums, const V* values,
                Update& update) const {
    auto epilogue = update.begin(l, net_.layers[l].outputs);
    LayerRows<L>::sum_rows(out, net_.layers[l].outputs, block, sums == RowSums::begin, values, epilogue);
    update.end(epilogue);
  }
  /// The layer whose rate a tensor uses; the skip uses that of the last layer.
  int rates_layer(int l) const { return l < net_.layer_count ? l : net_.layer_count - 1; }

  static Product<V> swapped(const Product<V>& p) { return {p.b, p.b_stride, p.a, p.a_stride}; }

  V* r_output() const {
    return scratch_ + std::ptrdiff_t{rows_} * 2 * (net_.widest + net_.hidden_width);  // [rows, outputs]
  }
  V* r_sum(int layer) const {
    return scratch_ + std::ptrdiff_t{rows_} * (2 * net_.widest + net_.layers[layer].width_before);
  }
  V* r_activation(int layer) const { return r_sum(layer) + std::ptrdiff_t{rows_} * net_.hidden_width; }

  const Network& net_;
  const LayerShape skip_ = ParameterSpans<L>::skip_of(net_);
  int rows_;
  V* scratch_;
  RowLosses<L> losses_;
  LayerRows<L> layers_;
};

}  // namespace shoal::cpu
