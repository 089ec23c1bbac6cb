// SPDX-License-Identifier: Apache-2.0
// LayeredPass: takes the rows of a chunk through the networks of their tasks, one launch per operation of a
// layer: forward, losses, backward, Hessian-vector product. The operations and their order are those of
// src/cpu/network_pass.hpp, whose header gives the equations.
#pragma once

#include "cuda/layered/fast_products.hpp"
#include "cuda/layered/side.hpp"
#include "cuda/layered/workspace.hpp"

namespace shoal::cuda {

/// Where products read parameters: those of tensors that adapt in `own` [tasks, P], the others in `shared`
/// [P].
struct LayeredWeights {
  const float* own = nullptr;  ///< null: all tensors are shared
  const float* shared = nullptr;
  bool all_own = false;
};

/// Which gradients a backward pass computes: those of tensors that adapt, or of all of theta.
enum class GradientScope { adapting, everything };

class LayeredPass {
 public:
  /// `fast` computes products outside the numerical contract; null: the exact kernels compute all of them.
  LayeredPass(const LayeredCall& call, const LayeredWorkspace& work, Stream& stream, FastProducts* fast)
      : call_(call), net_(call.network), work_(work), stream_(stream), fast_(fast) {}

  /// Computes the outputs. `derivatives`: stores f' and f'' on the tape too.
  void forward(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape,
               bool derivatives) const;
  /// Computes the mean losses, and raises `event` for tasks whose loss is not finite (not_finite) or not
  /// small (not_small).
  void loss(const LayeredSide& side, const LayeredTape& tape, float* mean, kernels::LayerEvent event) const;
  /// The same, and dL/do. With `mean` null, dL/do alone.
  void loss_and_delta(const LayeredSide& side, const LayeredTape& tape, float* mean,
                      kernels::LayerEvent event) const;
  /// Computes the deltas of the layers below and the gradients of the tensors in `scope`. For each of these
  /// it calls sums(layer, job), which must set in `job` what is done with the gradient.
  template <class Sums>
  void backward(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape,
                GradientScope scope, Sums sums) const {
    const bool all = scope == GradientScope::everything;
    const int lowest = all ? 0 : net_.lowest_adapting;
    for (int l = net_.layer_count - 1; l >= lowest; --l) {
      const kernels::LayerShape& layer = net_.layers[l];
      sum_gradient(side, l, all || layer.weight_adapts, all || layer.bias_adapts,
                   {input(side, tape, l), delta(side, tape, l)}, {}, delta(side, tape, l), sums);
      if (l > lowest) backward_through_layer(side, weights, tape, l);
    }
    if (net_.has_skip && (all || net_.skip_adapts)) sum_skip_gradient(side, output(tape.output_delta), sums);
  }
  /// Computes the deltas only, down to the lowest layer that adapts.
  void deltas(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape) const {
    for (int l = net_.layer_count - 1; l > net_.lowest_adapting; --l)
      backward_through_layer(side, weights, tape, l);
  }

  /// Computes the Hessian of the mean loss at the weights times work.u, for all tensors; calls sums(layer,
  /// job) as backward() does. Needs the tape of forward() and backward().
  template <class Sums>
  void hessian_vector(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape,
                      Sums sums) const {
    const int low = net_.lowest_adapting, last = net_.layer_count - 1;
    r_forward(side, weights, tape);
    int buffer = last % 2;
    curvature(side, tape, work_.r_delta[buffer]);
    if (net_.has_skip)
      sum_skip_gradient(side, rows_matrix(work_.r_delta[buffer], net_.layers[last].stride), sums);
    for (int l = last; l >= 0; --l) {
      const kernels::LayerShape& layer = net_.layers[l];
      const kernels::LayerOperand rd = rows_matrix(work_.r_delta[buffer], layer.stride);
      const kernels::LayerGemmOperands straight{input(side, tape, l), rd};
      if (l > low)
        sum_gradient(side, l, true, true, {r_input(side, l), delta(side, tape, l)}, straight, rd, sums);
      else
        sum_gradient(side, l, true, true, straight, {}, rd, sums);
      if (l == 0) return;
      buffer = 1 - buffer;
      r_backward_through_layer(side, weights, tape, l, rd, work_.r_delta[buffer]);
    }
  }

 private:
  using Operand = kernels::LayerOperand;

  static Operand rows_matrix(const float* at, int stride) { return {at, stride, 0, true}; }
  Operand output(const float* at) const { return rows_matrix(at, net_.layers[net_.layer_count - 1].stride); }
  std::int64_t hidden(const LayeredSide& side, int layer) const;
  Operand input(const LayeredSide& side, const LayeredTape& tape, int layer) const;
  Operand r_input(const LayeredSide& side, int layer) const;
  Operand delta(const LayeredSide& side, const LayeredTape& tape, int layer) const;
  Operand parameters(const LayeredWeights& weights, std::size_t tensor, int stride, bool adapts) const;
  Operand direction(std::size_t tensor, int stride) const;
  kernels::LayerRowJob row_job(const LayeredSide& side, int columns, int terms) const;
  kernels::LayerLossJob loss_job(const LayeredSide& side, const LayeredTape& tape) const;

  void backward_through_layer(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape,
                              int layer) const;
  void r_forward(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape) const;
  void curvature(const LayeredSide& side, const LayeredTape& tape, float* r_delta) const;
  void r_backward_through_layer(const LayeredSide& side, const LayeredWeights& weights,
                                const LayeredTape& tape, int layer, const Operand& r_delta,
                                float* r_below) const;
  void run(kernels::GemmLayout layout, const kernels::LayerRowJob& job, const LayeredSide& side) const;
  void run(kernels::LayerSumJob job, const LayeredSide& side) const;

  template <class Sums>
  void sum_gradient(const LayeredSide& side, int l, bool weight, bool bias,
                    const kernels::LayerGemmOperands& first, const kernels::LayerGemmOperands& second,
                    const Operand& bias_terms, Sums sums) const {
    if (!weight && !bias) return;
    const kernels::LayerShape& layer = net_.layers[l];
    kernels::LayerSumJob job{.chunk = work_.chunk(),
                             .rows = side.rows,
                             .first = first,
                             .second = second,
                             .inputs = layer.inputs,
                             .columns = layer.outputs,
                             .stride = layer.stride,
                             .weight = weight ? static_cast<std::int64_t>(layer.weight) : -1,
                             .bias = bias ? static_cast<std::int64_t>(layer.bias) : -1,
                             .bias_terms = bias_terms};
    sums(l, job);
    run(job, side);
  }
  template <class Sums>
  void sum_skip_gradient(const LayeredSide& side, const Operand& delta, Sums sums) const {
    const kernels::LayerShape& last = net_.layers[net_.layer_count - 1];
    kernels::LayerSumJob job{.chunk = work_.chunk(),
                             .rows = side.rows,
                             .first = {rows_matrix(side.rows.x, net_.inputs), delta},
                             .inputs = net_.inputs,
                             .columns = net_.outputs,
                             .stride = last.stride,
                             .weight = static_cast<std::int64_t>(net_.skip)};
    sums(net_.layer_count - 1, job);
    run(job, side);
  }

  const LayeredCall& call_;
  const kernels::Network& net_;
  const LayeredWorkspace& work_;
  Stream& stream_;
  FastProducts* fast_;
};

}  // namespace shoal::cuda
