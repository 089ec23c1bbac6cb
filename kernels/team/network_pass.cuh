// SPDX-License-Identifier: Apache-2.0
// Takes one block of a task's rows through its network, by a team: forward, loss, backward, Hessian-vector
// product. The operations and their order are those of src/cpu/network_pass.hpp, whose header gives the
// equations and which is the oracle (tests/cuda). There a lane is a task; here the threads of a team share
// the outputs of one task.
//
// Every matrix is in the team's shared memory. Barriers stand only between the code that writes a layer's
// outputs and the code that reads them. kernels/team/epilogues.cuh has the elementwise work that follows a
// product.
#pragma once

#include "kernels/team/epilogues.cuh"
#include "kernels/team/gemm.cuh"
#include "kernels/team/memory.hpp"
#include "kernels/team/parameter_gradient.cuh"

namespace shoal::kernels {

/// Which gradients a backward pass computes: those of tensors that adapt, or of all of theta.
enum class GradientScope { adapting, everything };

class TeamPass {
 public:
  __device__ __forceinline__ TeamPass(const Team& team, const Network& net, const LossOptions& loss,
                                      const TeamMemory& memory, const TeamWidth* widths, float* shared)
      : team_(team), net_(net), loss_(loss), at_(memory), widths_(widths), shared_(shared) {}

  __device__ __forceinline__ float* phi() const { return shared_ + at_.phi; }
  __device__ __forceinline__ float* u() const { return shared_ + at_.u; }
  /// The tape that forward(), losses() and backward() of the staged rows write: memory.tape_floats floats.
  __device__ __forceinline__ float* tape() const { return shared_ + at_.tape; }

  /// Copies rows `first` .. `first` + `rows` - 1 of a set into shared memory, unless they are there already.
  __device__ __forceinline__ void stage(const RowsView& set, std::int64_t first, int rows) {
    team_.sync();  // the previous rows may still be in use; new parameters become visible
    const float* const x = set.x + first * net_.inputs;
    if (x == staged_ && rows == rows_) return;
    staged_ = x;
    rows_ = rows;
    const TeamWidth& inputs = widths_[0];
    const int stride = padded(inputs.size);
    for (int e = team_.rank; e < rows * inputs.size; e += team_.size) {
      const int r = inputs.singles.divide(e);
      shared_[at_.x + r * stride + e - r * inputs.size] = x[e];
    }
    if (set.y) copy(set.y + first * net_.targets, rows * net_.targets, at_.y);
    has_offset_ = set.offset != nullptr;
    if (has_offset_) copy(set.offset + first * net_.outputs, rows * net_.outputs, at_.offset);
    team_.sync();
  }
  /// Forgets the staged rows: those of another task may begin at the same address.
  __device__ __forceinline__ void invalidate_rows() { staged_ = nullptr; }

  __device__ __forceinline__ void forward() const {
    const int last = last_layer();
    for (int l = 0; l < last; ++l) {
      const LayerShape& layer = net_.layers[l];
      gemm_one<GemmLayout::nn>(
          team_, shared_, layer_product(l),
          ActivationEpilogue{{shared_, at_.phi + static_cast<int>(layer.bias)}, net_.activation, tape_of(l)});
      team_.sync();
    }
    // First the last layer, then the skip, which is added to its outputs.
    for (int part = 0; part < (net_.has_skip ? 2 : 1); ++part) {
      const bool skip = part == 1;
      gemm_one<GemmLayout::nn>(
          team_, shared_, skip ? skip_product(at_.phi) : layer_product(last),
          OutputEpilogue{shared_, skip ? -1 : at_.phi + static_cast<int>(net_.layers[last].bias), skip,
                         has_offset_ && skip == net_.has_skip ? at_.offset : -1, net_.outputs,
                         shared_ + at_.output, output_stride()});
      team_.sync();
    }
  }

  /// Computes the factors of the rows' loss terms and, if wanted, dL/do. Ends with a barrier.
  __device__ __forceinline__ void losses(bool with_delta, float scale) const {
    with_loss<float>(loss_, net_, [&](const auto& loss) {
      for (int r = team_.rank; r < rows_; r += team_.size) {
        const float* const o = shared_ + at_.output + r * output_stride();
        const float* const y = shared_ + at_.y + r * net_.targets;
        float* to = shared_ + at_.terms + 2 * at_.pairs * r;
        loss.terms(o, y, [&](float c, float v) {
          *to++ = c;
          *to++ = v;
        });
        if (with_delta) loss.gradient(o, y, scale, shared_ + at_.output_delta + r * output_stride());
      }
    });
    team_.sync();
  }
  /// total + the loss terms of the rows, in order. Only the result of the first thread is valid. Call this
  /// after losses().
  __device__ __forceinline__ float add_loss(float total) const {
    if (team_.rank != 0) return total;
    const float* from = shared_ + at_.terms;
    const int pairs = rows_ * at_.pairs;
#pragma unroll 4
    for (int i = 0; i < pairs; ++i) total = fma(from[2 * i], from[2 * i + 1], total);
    return total;
  }

  /// Stores the outputs of the rows as [rows, outputs].
  __device__ __forceinline__ void store_outputs(float* to) const {
    for (int e = team_.rank; e < rows_ * net_.outputs; e += team_.size)
      to[e] = shared_[at_.output + e / net_.outputs * output_stride() + e % net_.outputs];
  }

  /// The backward pass from dL/do: writes the deltas to the tape and hands the gradients of the rows' mean
  /// loss to `gradient`, unless its use is none. A layer's weights may be updated in place, because a barrier
  /// separates them from their last reader. Call this after losses().
  __device__ __forceinline__ void backward(GradientScope scope, TeamGradient& gradient) const {
    const bool all = scope == GradientScope::everything;
    const int lowest = all ? 0 : net_.lowest_adapting;
    for (int l = last_layer(); l >= lowest; --l) {
      const LayerShape& layer = net_.layers[l];
      if (l > lowest) {
        const TeamGemm product{.first = {delta(l), layer.stride, weight(l), layer.stride},
                               .rows = rows_,
                               .columns = inputs_of(l),
                               .terms = layer.outputs};
        gemm_one<GemmLayout::nt>(team_, shared_, product, DeltaEpilogue{{}, net_.activation, tape_of(l - 1)});
        team_.sync();
      }
      if (gradient.use == GradientUse::none) continue;
      gradient.enter(l);
      for (int part = 0; part < (l == last_layer() && net_.has_skip ? 2 : 1); ++part) {
        const bool skip = part == 1;
        if (!all && !(skip ? net_.skip_adapts : layer.weight_adapts)) continue;
        const TeamGemmOperands product{skip ? at_.x : input(l), skip ? input_stride(0) : input_stride(l),
                                       delta(l), layer.stride};
        gemm_one<GemmLayout::tn>(team_, shared_,
                                 {.first = product,
                                  .rows = skip ? net_.inputs : layer.inputs,
                                  .columns = outputs_of(l),
                                  .terms = rows_},
                                 GradientEpilogue{gradient, skip ? net_.skip : layer.weight, layer.stride});
      }
      if (all || layer.bias_adapts)
        sum_rows(gradient, layer.bias, layer.outputs, layer.stride, shared_ + delta(l));
    }
  }

  /// The Hessian of the mean loss at phi times u, for all of theta; u is zero for tensors that do not adapt.
  /// Needs forward(), losses() and backward(GradientScope::adapting) of these rows, or their tape, and
  /// overwrites the tape.
  __device__ __forceinline__ void hessian_vector(float scale, TeamGradient& hv) const {
    const int low = net_.lowest_adapting, last = last_layer();
    for (int l = low; l < last; ++l) {
      gemm_one_or_two<GemmLayout::nn>(
          team_, shared_, r_product(l),
          RActivationEpilogue{{shared_, r_start(l)}, net_.activation, tape_of(l)});
      team_.sync();
    }
    for (int part = 0; part < (net_.has_skip && net_.skip_adapts ? 2 : 1); ++part) {
      const bool skip = part == 1;
      gemm_one_or_two<GemmLayout::nn>(team_, shared_, skip ? skip_product(at_.u) : r_product(last),
                                      OutputEpilogue{shared_, skip ? -1 : r_start(last), skip, -1,
                                                     net_.outputs, shared_ + at_.r_output, output_stride()});
      team_.sync();
    }
    int buffer = last % 2;
    with_loss<float>(loss_, net_, [&](const auto& loss) {
      for (int r = team_.rank; r < rows_; r += team_.size)
        loss.curvature(shared_ + at_.output + r * output_stride(), shared_ + at_.y + r * net_.targets,
                       shared_ + at_.r_output + r * output_stride(), scale,
                       shared_ + r_delta(buffer) + r * output_stride());
    });
    team_.sync();
    for (int l = last; l >= 0; --l) {
      const LayerShape& layer = net_.layers[l];
      const int rd = r_delta(buffer);
      for (int part = 0; part < (l == last && net_.has_skip ? 2 : 1); ++part) {
        const bool skip = part == 1;
        const TeamGemmOperands straight{skip ? at_.x : input(l), skip ? input_stride(0) : input_stride(l), rd,
                                        layer.stride};
        const bool through_input = l > low && !skip;
        const TeamGemmOperands through{through_input ? hidden(at_.r_activation, l - 1) : -1, input_stride(l),
                                       delta(l), layer.stride};
        gemm_one_or_two<GemmLayout::tn>(team_, shared_,
                                        {.first = through_input ? through : straight,
                                         .second = through_input ? straight : TeamGemmOperands{},
                                         .rows = skip ? net_.inputs : layer.inputs,
                                         .columns = outputs_of(l),
                                         .terms = rows_},
                                        GradientEpilogue{hv, skip ? net_.skip : layer.weight, layer.stride});
      }
      sum_rows(hv, layer.bias, layer.outputs, layer.stride, shared_ + rd);
      if (l == 0) break;
      buffer = 1 - buffer;
      const bool directed = l >= low && layer.weight_adapts;
      const TeamGemm product{.first = {rd, layer.stride, weight(l), layer.stride},
                             .second = {directed ? delta(l) : -1, layer.stride, direction(l), layer.stride},
                             .rows = rows_,
                             .columns = inputs_of(l),
                             .terms = layer.outputs};
      gemm_one_or_two<GemmLayout::nt>(
          team_, shared_, product,
          RDeltaEpilogue{{}, net_.activation, tape_of(l - 1), l > low, shared_ + r_delta(buffer)});
      team_.sync();
    }
  }

 private:
  // --- offsets in shared memory ---
  __device__ __forceinline__ int hidden(int part, int layer) const {
    return part + at_.rows * net_.layers[layer].width_before;
  }
  __device__ __forceinline__ TapeLayer tape_of(int layer) const {
    float* const from = shared_ + hidden(0, layer);
    return {from + at_.activation, from + at_.delta,        from + at_.curvature,
            from + at_.slope,      from + at_.r_activation, net_.layers[layer].stride};
  }
  __device__ __forceinline__ int input(int layer) const {
    return layer > 0 ? hidden(at_.activation, layer - 1) : at_.x;
  }
  __device__ __forceinline__ int input_stride(int layer) const {
    return padded(net_.layers[layer].inputs);
  }
  __device__ __forceinline__ int output_stride() const {
    return padded(net_.outputs);
  }
  __device__ __forceinline__ int weight(int layer) const {
    return at_.phi + static_cast<int>(net_.layers[layer].weight);
  }
  __device__ __forceinline__ int direction(int layer) const {
    return at_.u + static_cast<int>(net_.layers[layer].weight);
  }
  __device__ __forceinline__ int delta(int layer) const {
    return layer + 1 == net_.layer_count ? at_.output_delta : hidden(at_.delta, layer);
  }
  __device__ __forceinline__ int r_delta(int buffer) const {
    return buffer == 0 ? at_.r_delta[0] : at_.r_delta[1];
  }

  // --- products ---
  /// The product A W of a layer.
  __device__ __forceinline__ TeamGemm layer_product(int l) const {
    const LayerShape& layer = net_.layers[l];
    return {.first = {input(l), input_stride(l), weight(l), layer.stride},
            .rows = rows_,
            .columns = outputs_of(l),
            .terms = layer.inputs};
  }
  /// The product A U + R{A} W of a layer; terms that are zero because nothing adapts are left out.
  __device__ __forceinline__ TeamGemm r_product(int l) const {
    const LayerShape& layer = net_.layers[l];
    const bool inside = l > net_.lowest_adapting;
    const TeamGemmOperands by_u{input(l), input_stride(l), direction(l), layer.stride};
    const TeamGemmOperands by_w{inside ? hidden(at_.r_activation, l - 1) : -1, input_stride(l), weight(l),
                                layer.stride};
    return {.first = layer.weight_adapts || !inside ? by_u : by_w,
            .second = layer.weight_adapts && inside ? by_w : TeamGemmOperands{},
            .rows = rows_,
            .columns = outputs_of(l),
            .terms = layer.weight_adapts || inside ? layer.inputs : 0};
  }
  __device__ __forceinline__ int r_start(int l) const {
    return net_.layers[l].bias_adapts ? at_.u + static_cast<int>(net_.layers[l].bias) : -1;
  }
  __device__ __forceinline__ TeamGemm skip_product(int parameters) const {
    return {.first = {at_.x, input_stride(0), parameters + static_cast<int>(net_.skip), output_stride()},
            .rows = rows_,
            .columns = outputs_of(last_layer()),
            .terms = net_.inputs};
  }

  __device__ __forceinline__ void copy(const float* from, int count, int to) const {
    for (int e = team_.rank; e < count; e += team_.size) shared_[to + e] = from[e];
  }

  __device__ __forceinline__ int last_layer() const {
    return net_.layer_count - 1;
  }
  __device__ __forceinline__ const TeamWidth* inputs_of(int layer) const {
    return widths_ + layer;
  }
  __device__ __forceinline__ const TeamWidth* outputs_of(int layer) const {
    return widths_ + layer + 1;
  }

  __device__ __forceinline__ void sum_rows(TeamGradient& gradient, std::size_t begin, int columns, int stride,
                                           const float* values) const {
    for (int j = team_.rank; j < columns; j += team_.size) {
      float sum = 0.0f;
      gradient.start<1>(begin + static_cast<std::size_t>(j), &sum);
#pragma unroll 4
      for (int r = 0; r < rows_; ++r) sum = sum + values[r * stride + j];
      gradient.finish<1>([&](auto use) { use(begin + static_cast<std::size_t>(j), &sum); });
    }
  }

  const Team& team_;
  const Network& net_;
  const LossOptions& loss_;
  const TeamMemory& at_;
  const TeamWidth* widths_;  ///< [layers + 1] of the inputs and of every layer's outputs
  float* shared_;
  const float* staged_ = nullptr;
  int rows_ = 0;
  bool has_offset_ = false;
};

}  // namespace shoal::kernels
