// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/network_pass.hpp"

#include "cuda/layered/fast_pass.hpp"
#include "kernels/layered/kernels.hpp"

namespace shoal::cuda {

using kernels::GemmLayout;
using kernels::LayerLossJob;
using kernels::LayerRowJob;
using kernels::LayerShape;
using kernels::RowEpilogueKind;

void LayeredPass::forward(const LayeredSide& side, const LayeredWeights& weights, const LayeredTape& tape,
                          bool derivatives) const {
  for (int l = 0; l < net_.layer_count; ++l) {
    const LayerShape& layer = net_.layers[l];
    const bool last = l + 1 == net_.layer_count;
    LayerRowJob job = row_job(side, layer.outputs, layer.inputs);
    job.first = {input(side, tape, l), parameters(weights, layer.weight, layer.stride, layer.weight_adapts)};
    job.start = parameters(weights, layer.bias, 0, layer.bias_adapts);
    job.out = {tape.output, layer.stride, 0, true};
    if (last) {
      if (side.rows.offset && !net_.has_skip) job.epilogue = RowEpilogueKind::add_offset;
    } else {
      const std::int64_t at = hidden(side, l);
      job.out.at = tape.activation + at;
      job.epilogue = RowEpilogueKind::activate;
      if (derivatives) job.slope = tape.slope + at;
      if (derivatives && tape.curvature) job.curvature = tape.curvature + at;
    }
    run(GemmLayout::nn, job, side);
  }
  if (!net_.has_skip) return;
  LayerRowJob job = row_job(side, net_.outputs, net_.inputs);
  const Operand out = output(tape.output);
  job.first = {{side.rows.x, net_.inputs, 0, true},
               parameters(weights, net_.skip, out.stride, net_.skip_adapts)};
  job.start_at_out = true;
  job.out = {tape.output, out.stride, 0, true};
  if (side.rows.offset) job.epilogue = RowEpilogueKind::add_offset;
  run(GemmLayout::nn, job, side);
}

void LayeredPass::loss(const LayeredSide& side, const LayeredTape& tape, float* mean,
                       kernels::LayerEvent event) const {
  LayerLossJob job = loss_job(side, tape);
  job.mean = mean;
  job.event = event;
  kernels::launch_layer_loss(job, stream_.handle());
  stream_.check("launch of the layers' loss");
}

void LayeredPass::loss_and_delta(const LayeredSide& side, const LayeredTape& tape, float* mean,
                                 kernels::LayerEvent event) const {
  LayerLossJob job = loss_job(side, tape);
  job.mean = mean;
  job.event = event;
  job.delta = tape.output_delta;
  kernels::launch_layer_loss(job, stream_.handle());
  stream_.check("launch of the layers' loss");
}

void LayeredPass::curvature(const LayeredSide& side, const LayeredTape& tape, float* r_delta) const {
  LayerLossJob job = loss_job(side, tape);
  job.r_output = work_.r_output;
  job.r_delta = r_delta;
  kernels::launch_layer_loss(job, stream_.handle());
  stream_.check("launch of the losses' curvature");
}

void LayeredPass::backward_through_layer(const LayeredSide& side, const LayeredWeights& weights,
                                         const LayeredTape& tape, int l) const {
  const LayerShape &layer = net_.layers[l], &below = net_.layers[l - 1];
  const std::int64_t at = hidden(side, l - 1);
  LayerRowJob job = row_job(side, layer.inputs, layer.outputs);
  job.first = {delta(side, tape, l), parameters(weights, layer.weight, layer.stride, layer.weight_adapts)};
  job.out = {tape.delta + at, below.stride, 0, true};
  job.epilogue = RowEpilogueKind::activate_backward;
  job.slope = tape.slope + at;
  if (tape.curvature) job.curvature = tape.curvature + at;
  run(GemmLayout::nt, job, side);
}

void LayeredPass::r_forward(const LayeredSide& side, const LayeredWeights& weights,
                            const LayeredTape& tape) const {
  const int low = net_.lowest_adapting, last = net_.layer_count - 1;
  for (int l = low; l <= last; ++l) {
    const LayerShape& layer = net_.layers[l];
    const bool by_w = l > low;
    LayerRowJob job = row_job(side, layer.outputs, layer.weight_adapts || by_w ? layer.inputs : 0);
    if (layer.weight_adapts) job.first = {input(side, tape, l), direction(layer.weight, layer.stride)};
    if (by_w) {
      kernels::LayerGemmOperands& factors = layer.weight_adapts ? job.second : job.first;
      factors.a = r_input(side, l);
      factors.b = parameters(weights, layer.weight, layer.stride, layer.weight_adapts);
    }
    if (layer.bias_adapts) job.start = direction(layer.bias, 0);
    job.out = {work_.r_output, layer.stride, 0, true};
    if (l < last) {
      const std::int64_t at = hidden(side, l);
      job.slope = tape.slope + at;
      job.r_activation = work_.r_activation + at;
      job.out.at = (tape.curvature ? work_.r_sum : work_.r_activation) + at;
      job.epilogue =
          tape.curvature ? RowEpilogueKind::r_activate : RowEpilogueKind::r_activate_backward_linear;
    }
    run(GemmLayout::nn, job, side);
  }
  if (!net_.has_skip || !net_.skip_adapts) return;
  LayerRowJob job = row_job(side, net_.outputs, net_.inputs);
  const int stride = net_.layers[last].stride;
  job.first = {{side.rows.x, net_.inputs, 0, true}, direction(net_.skip, stride)};
  job.start_at_out = true;
  job.out = {work_.r_output, stride, 0, true};
  run(GemmLayout::nn, job, side);
}

void LayeredPass::r_backward_through_layer(const LayeredSide& side, const LayeredWeights& weights,
                                           const LayeredTape& tape, int l, const Operand& r_delta,
                                           float* r_below) const {
  const LayerShape &layer = net_.layers[l], &below = net_.layers[l - 1];
  const std::int64_t at = hidden(side, l - 1);
  LayerRowJob job = row_job(side, layer.inputs, layer.outputs);
  job.first = {r_delta, parameters(weights, layer.weight, layer.stride, layer.weight_adapts)};
  if (l >= net_.lowest_adapting && layer.weight_adapts)
    job.second = {delta(side, tape, l), direction(layer.weight, layer.stride)};
  job.out = {r_below, below.stride, 0, true};
  job.slope = tape.slope + at;
  job.epilogue = RowEpilogueKind::r_activate_backward_linear;
  if (tape.curvature && l > net_.lowest_adapting) {
    job.curvature = tape.curvature + at;
    job.r_sum = work_.r_sum + at;
    job.epilogue = RowEpilogueKind::r_activate_backward;
  }
  run(GemmLayout::nt, job, side);
}

std::int64_t LayeredPass::hidden(const LayeredSide& side, int layer) const {
  return side.total_rows * net_.layers[layer].width_before;
}

LayeredPass::Operand LayeredPass::input(const LayeredSide& side, const LayeredTape& tape, int layer) const {
  if (layer == 0) return rows_matrix(side.rows.x, net_.inputs);
  return rows_matrix(tape.activation + hidden(side, layer - 1), net_.layers[layer - 1].stride);
}

LayeredPass::Operand LayeredPass::r_input(const LayeredSide& side, int layer) const {
  return rows_matrix(work_.r_activation + hidden(side, layer - 1), net_.layers[layer - 1].stride);
}

LayeredPass::Operand LayeredPass::delta(const LayeredSide& side, const LayeredTape& tape, int layer) const {
  if (layer + 1 == net_.layer_count) return output(tape.output_delta);
  return rows_matrix(tape.delta + hidden(side, layer), net_.layers[layer].stride);
}

LayeredPass::Operand LayeredPass::parameters(const LayeredWeights& weights, std::size_t tensor, int stride,
                                             bool adapts) const {
  if (weights.own && (adapts || weights.all_own))
    return {weights.own + tensor, stride, static_cast<std::int64_t>(net_.parameters), false};
  return {weights.shared + tensor, stride, 0, false};
}

LayeredPass::Operand LayeredPass::direction(std::size_t tensor, int stride) const {
  return {work_.u + tensor, stride, static_cast<std::int64_t>(net_.parameters), false};
}

LayerRowJob LayeredPass::row_job(const LayeredSide& side, int columns, int terms) const {
  LayerRowJob job;
  job.chunk = work_.chunk();
  job.rows = side.rows;
  job.columns = columns;
  job.terms = terms;
  job.activation = net_.activation;
  return job;
}

LayerLossJob LayeredPass::loss_job(const LayeredSide& side, const LayeredTape& tape) const {
  LayerLossJob job;
  job.chunk = work_.chunk();
  job.rows = side.rows;
  job.network = net_;
  job.loss = call_.loss;
  job.terms_per_row = work_.terms_per_row;
  job.output = output(tape.output);
  job.terms = work_.terms;
  return job;
}

void LayeredPass::run(GemmLayout layout, const LayerRowJob& job, const LayeredSide& side) const {
  if (fast_ && side.equal_rows > 0 && run_fast(*fast_, layout, job, side.equal_rows, stream_)) return;
  kernels::launch_layer_rows(layout, job, side.largest_task_rows, stream_.handle());
  stream_.check("launch of a layer's product");
}

void LayeredPass::run(kernels::LayerSumJob job, const LayeredSide& side) const {
  if (fast_ && side.equal_rows > 0 && run_fast(*fast_, job, side.equal_rows, stream_)) job.weight = -1;
  kernels::launch_layer_sums(job, stream_.handle());
  stream_.check("launch of a layer's sums over rows");
}

}  // namespace shoal::cuda
