// SPDX-License-Identifier: Apache-2.0
// One block of a task's rows through its network, by a team: forward, loss, backward, Hessian-vector product.
// The same operations in the same order as src/cpu/network_pass.hpp, whose header gives the equations; that
// file is the oracle (tests/cuda). There a lane is a task; here the team's threads share one task's outputs.
//
// Every matrix lies in the team's fast memory. Barriers stand between a layer's outputs and their readers and
// nowhere else; what is elementwise after a product is done by the thread that computed the element.
#pragma once

#include "kernels/choices.hpp"
#include "kernels/team_contraction.cuh"
#include "kernels/team_memory.hpp"

namespace shoal::kernels {

/// Whose gradients a backward pass wants: those the inner loop moves, or all of theta's.
enum class TeamWanted { adapting, everything };

/// One side of a task.
struct TeamRows {
  const float* x = nullptr;       ///< [rows, inputs]
  const float* y = nullptr;       ///< [rows, targets]; class labels as numbers
  const float* offset = nullptr;  ///< [rows, outputs] or null
  int rows = 0;
  float scale = 0.0f;  ///< 1 / terms of the mean; 0 for an empty set
  float terms = 0.0f;  ///< divisor of the mean
};

class TeamPass {
 public:
  __device__ __forceinline__ TeamPass(const Team& team, const Network& net, const LossOptions& loss,
                                      const TeamMemory& memory, float* fast)
      : team_(team), net_(net), loss_(loss), at_(memory), fast_(fast) {}

  __device__ __forceinline__ float* phi() const { return fast_ + at_.phi; }
  __device__ __forceinline__ float* u() const { return fast_ + at_.u; }
  __device__ __forceinline__ bool curved() const { return is_curved(net_.activation); }

  /// Takes rows first .. first + rows - 1 into fast memory.
  __device__ __forceinline__ void stage(const TeamRows& set, int first, int rows) {
    team_.sync();  // the rows before may still be in use
    rows_ = rows;
    const int stride = padded(net_.inputs);
    copy_rows(set.x + static_cast<std::int64_t>(first) * net_.inputs, net_.inputs, fast_ + at_.x, stride);
    if (set.y)
      copy_rows(set.y + static_cast<std::int64_t>(first) * net_.targets, net_.targets, fast_ + at_.y,
                net_.targets);
    has_offset_ = set.offset != nullptr;
    if (has_offset_)
      copy_rows(set.offset + static_cast<std::int64_t>(first) * net_.outputs, net_.outputs,
                fast_ + at_.offset, net_.outputs);
    team_.sync();
  }

  __device__ __forceinline__ void forward() const {
    for (int l = 0; l < net_.layer_count; ++l) {
      const LayerShape& layer = net_.layers[l];
      const bool last = l + 1 == net_.layer_count;
      const TeamContraction z{.first = {input(l), input_stride(l), phi() + layer.weight, layer.stride},
                              .rows = rows_,
                              .columns = layer.outputs,
                              .terms = layer.inputs,
                              .start = TeamStart::column,
                              .column_start = phi() + layer.bias,
                              .out = last ? output() : hidden(at_.activation, l),
                              .out_stride = layer.stride};
      contract_by_team<TeamWalk::forward>(team_, z, [&](int r, int j) {
        if (!last) activate(l, r * layer.stride + j);
      });
      team_.sync();
    }
    if (net_.has_skip) {
      const TeamContraction skip{
          .first = {fast_ + at_.x, padded(net_.inputs), phi() + net_.skip, output_stride()},
          .rows = rows_,
          .columns = net_.outputs,
          .terms = net_.inputs,
          .start = TeamStart::output,
          .out = output(),
          .out_stride = output_stride()};
      contract_by_team<TeamWalk::forward>(team_, skip);
      team_.sync();
    }
    if (has_offset_) {
      for (int e = team_.rank; e < rows_ * net_.outputs; e += team_.size) {
        float& o = output()[e / net_.outputs * output_stride() + e % net_.outputs];
        o = o + fast_[at_.offset + e];
      }
      team_.sync();
    }
  }

  /// total + the loss terms of the rows, row by row; the first thread's result counts.
  __device__ __forceinline__ float add_loss(float total) const {
    if (team_.rank != 0) return total;
    with_loss<float>(loss_, net_, [&](const auto& loss) {
      for (int r = 0; r < rows_; ++r)
        total = add_terms(loss, output() + r * output_stride(), fast_ + at_.y + r * net_.targets, total);
    });
    return total;
  }

  /// Outputs of the rows, [rows, outputs].
  __device__ __forceinline__ void give_outputs(float* to) const {
    for (int e = team_.rank; e < rows_ * net_.outputs; e += team_.size)
      to[e] = output()[e / net_.outputs * output_stride() + e % net_.outputs];
  }

  /// Gradient of the mean loss over rows, onto `gradient` (padded parameters) or as its start.
  __device__ __forceinline__ void backward(float scale, TeamWanted wanted, bool first_rows,
                                           float* gradient) const {
    with_loss<float>(loss_, net_, [&](const auto& loss) {
      for (int r = team_.rank; r < rows_; r += team_.size)
        loss.gradient(output() + r * output_stride(), fast_ + at_.y + r * net_.targets, scale,
                      output_delta() + r * output_stride());
    });
    team_.sync();
    const bool all = wanted == TeamWanted::everything;
    const int lowest = all ? 0 : net_.lowest_adapting;
    for (int l = net_.layer_count - 1; l >= lowest; --l) {
      const LayerShape& layer = net_.layers[l];
      if (gradient && (all || layer.weight_adapts))
        sum_over_rows(gradient + layer.weight, layer.stride, layer.inputs, layer.outputs, first_rows,
                      {input(l), input_stride(l), delta(l), layer.stride}, {});
      if (gradient && (all || layer.bias_adapts))
        sum_rows(gradient + layer.bias, layer.outputs, layer.stride, first_rows, delta(l));
      if (l > lowest) {
        const LayerShape& below = net_.layers[l - 1];
        float* const da = hidden(at_.delta, l - 1);
        const TeamContraction product{.first = {delta(l), layer.stride, phi() + layer.weight, layer.stride},
                                      .rows = rows_,
                                      .columns = layer.inputs,
                                      .terms = layer.outputs,
                                      .out = da,
                                      .out_stride = below.stride};
        const float* const slope = hidden(at_.slope, l - 1);
        float* const curve = hidden(at_.curve, l - 1);
        contract_by_team<TeamWalk::backward>(team_, product, [&](int r, int j) {
          const int e = r * below.stride + j;
          if (curved()) curve[e] = da[e] * curve[e];
          da[e] = da[e] * slope[e];
        });
      }
      team_.sync();
    }
    if (gradient && net_.has_skip && (all || net_.skip_adapts))
      sum_over_rows(gradient + net_.skip, output_stride(), net_.inputs, net_.outputs, first_rows,
                    {fast_ + at_.x, padded(net_.inputs), output_delta(), output_stride()}, {});
  }

  /// Hessian of the mean loss at phi times u (zero where tensors do not adapt), all of theta's rows. Needs
  /// forward() and backward(TeamWanted::adapting) of these rows.
  __device__ __forceinline__ void hessian_vector(float scale, bool first_rows, float* hv) const {
    const int low = net_.lowest_adapting, last = net_.layer_count - 1;
    for (int l = low; l <= last; ++l) {
      const LayerShape& layer = net_.layers[l];
      float* const rz = l < last ? hidden(at_.r_sum, l) : r_output();
      const TeamProduct by_u{input(l), input_stride(l), u() + layer.weight, layer.stride};
      const TeamProduct by_w{l > low ? hidden(at_.r_activation, l - 1) : nullptr, input_stride(l),
                             phi() + layer.weight, layer.stride};
      const TeamProduct first = layer.weight_adapts ? by_u : by_w;
      const TeamContraction sum{.first = first,
                                .second = layer.weight_adapts ? by_w : TeamProduct{},
                                .rows = rows_,
                                .columns = layer.outputs,
                                .terms = first.a ? layer.inputs : 0,
                                .start = layer.bias_adapts ? TeamStart::column : TeamStart::zero,
                                .column_start = u() + layer.bias,
                                .out = rz,
                                .out_stride = layer.stride};
      const float* const slope = hidden(at_.slope, l);
      float* const ra = hidden(at_.r_activation, l);
      contract_by_team<TeamWalk::forward>(team_, sum, [&](int r, int j) {
        const int e = r * layer.stride + j;
        if (l < last) ra[e] = rz[e] * slope[e];
      });
      team_.sync();
    }
    if (net_.has_skip && net_.skip_adapts) {
      const TeamContraction skip{
          .first = {fast_ + at_.x, padded(net_.inputs), u() + net_.skip, output_stride()},
          .rows = rows_,
          .columns = net_.outputs,
          .terms = net_.inputs,
          .start = TeamStart::output,
          .out = r_output(),
          .out_stride = output_stride()};
      contract_by_team<TeamWalk::forward>(team_, skip);
      team_.sync();
    }
    int turn = last % 2;
    with_loss<float>(loss_, net_, [&](const auto& loss) {
      for (int r = team_.rank; r < rows_; r += team_.size)
        loss.curvature(output() + r * output_stride(), fast_ + at_.y + r * net_.targets,
                       r_output() + r * output_stride(), scale,
                       fast_ + at_.r_delta[turn] + r * output_stride());
    });
    team_.sync();
    if (net_.has_skip)
      sum_over_rows(hv + net_.skip, output_stride(), net_.inputs, net_.outputs, first_rows,
                    {fast_ + at_.x, padded(net_.inputs), fast_ + at_.r_delta[turn], output_stride()}, {});
    for (int l = last; l >= 0; --l) {
      const LayerShape& layer = net_.layers[l];
      const float* const rd = fast_ + at_.r_delta[turn];
      const TeamProduct straight{input(l), input_stride(l), rd, layer.stride};
      const TeamProduct through_input{l > low ? hidden(at_.r_activation, l - 1) : nullptr, input_stride(l),
                                      delta(l), layer.stride};
      sum_over_rows(hv + layer.weight, layer.stride, layer.inputs, layer.outputs, first_rows,
                    l > low ? through_input : straight, l > low ? straight : TeamProduct{});
      sum_rows(hv + layer.bias, layer.outputs, layer.stride, first_rows, rd);
      if (l == 0) break;
      const LayerShape& below = net_.layers[l - 1];
      turn = 1 - turn;
      float* const rd_below = fast_ + at_.r_delta[turn];
      const TeamContraction product{.first = {rd, layer.stride, phi() + layer.weight, layer.stride},
                                    .second = {l >= low && layer.weight_adapts ? delta(l) : nullptr,
                                               layer.stride, u() + layer.weight, layer.stride},
                                    .rows = rows_,
                                    .columns = layer.inputs,
                                    .terms = layer.outputs,
                                    .out = rd_below,
                                    .out_stride = below.stride};
      const float* const slope = hidden(at_.slope, l - 1);
      const float* const curve = hidden(at_.curve, l - 1);
      const float* const rz = hidden(at_.r_sum, l - 1);
      const bool bends = curved() && l > low;
      contract_by_team<TeamWalk::backward>(team_, product, [&](int r, int j) {
        const int e = r * below.stride + j;
        rd_below[e] = bends ? fma(rd_below[e], slope[e], curve[e] * rz[e]) : rd_below[e] * slope[e];
      });
      team_.sync();
    }
  }

 private:
  // --- pieces of fast memory ---
  __device__ __forceinline__ float* hidden(int part, int layer) const {
    return fast_ + part + at_.rows * net_.layers[layer].width_before;
  }
  __device__ __forceinline__ const float* input(int layer) const {
    return layer > 0 ? hidden(at_.activation, layer - 1) : fast_ + at_.x;
  }
  __device__ __forceinline__ int input_stride(int layer) const { return padded(net_.layers[layer].inputs); }
  __device__ __forceinline__ int output_stride() const { return padded(net_.outputs); }
  __device__ __forceinline__ float* output() const { return fast_ + at_.output; }
  __device__ __forceinline__ float* output_delta() const { return fast_ + at_.output_delta; }
  __device__ __forceinline__ float* r_output() const { return fast_ + at_.r_output; }
  __device__ __forceinline__ const float* delta(int layer) const {
    return layer + 1 == net_.layer_count ? output_delta() : hidden(at_.delta, layer);
  }

  __device__ __forceinline__ void copy_rows(const float* from, int columns, float* to, int stride) const {
    for (int e = team_.rank; e < rows_ * columns; e += team_.size)
      to[e / columns * stride + e % columns] = from[e];
  }

  /// z -> a in place, with f' and, for curved activations, f''.
  __device__ __forceinline__ void activate(int layer, int e) const {
    float& a = hidden(at_.activation, layer)[e];
    float& slope = hidden(at_.slope, layer)[e];
    const float z = a;
    with_activation<float>(net_.activation, [&]<class F>(F) {
      if constexpr (F::curved)
        F::curvature(z, a, slope, hidden(at_.curve, layer)[e]);
      else
        F::slope(z, a, slope);
    });
  }

  __device__ __forceinline__ void sum_over_rows(float* out, int stride, int rows, int columns,
                                                bool first_rows, TeamProduct first,
                                                TeamProduct second) const {
    const TeamContraction sum{.first = first,
                              .second = second,
                              .rows = rows,
                              .columns = columns,
                              .terms = rows_,
                              .start = first_rows ? TeamStart::zero : TeamStart::output,
                              .out = out,
                              .out_stride = stride};
    contract_by_team<TeamWalk::weights>(team_, sum);
  }

  __device__ __forceinline__ void sum_rows(float* out, int columns, int stride, bool first_rows,
                                           const float* values) const {
    for (int j = team_.rank; j < columns; j += team_.size) {
      float sum = first_rows ? 0.0f : out[j];
      for (int r = 0; r < rows_; ++r) sum = sum + values[r * stride + j];
      out[j] = sum;
    }
  }

  const Team& team_;
  const Network& net_;
  const LossOptions& loss_;
  const TeamMemory& at_;
  float* fast_;
  int rows_ = 0;
  bool has_offset_ = false;
};

}  // namespace shoal::kernels
