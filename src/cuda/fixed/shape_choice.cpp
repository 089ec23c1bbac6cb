// SPDX-License-Identifier: Apache-2.0
#include "cuda/fixed/shape_choice.hpp"

#include <algorithm>

#include <shoal/loss.hpp>
#include <shoal/model.hpp>

namespace shoal::cuda {
namespace {

using kernels::FixedPlan;
using kernels::FixedShape;

constexpr int most_outputs = 8, most_width = 256, most_rows = 256;
// Registers that a thread may need: as many as it can have.
constexpr int registers = 255;

std::string out_of_scope(const FixedRequest& request) {
  const kernels::Network& net = request.plan.network;
  const kernels::InnerOptions& inner = request.plan.inner;
  if (request.plan.kernel != kernels::TaskKernel::meta_gradient)
    return "only meta-gradients have such kernels";
  if (inner.outer == OuterRule::parameter_move) return "Reptile has none";
  if (inner.step_weights) return "step weights have none";
  if (inner.max_move > 0.0f) return "a bound on moves has none";
  if (net.has_skip) return "skip connections have none";
  if (net.layer_count < 2) return "a model without hidden layers has none";
  if (net.layer_count > FixedShape::most_layers)
    return "more than " + std::to_string(FixedShape::most_layers - 1) + " hidden layers have none";
  if (net.outputs > most_outputs) return "more than " + std::to_string(most_outputs) + " outputs have none";
  if (net.inputs > most_width) return "more than " + std::to_string(most_width) + " inputs have none";
  for (int l = 0; l + 1 < net.layer_count; ++l)
    if (net.layers[l].outputs > most_width)
      return "layers above " + std::to_string(most_width) + " units have none";
  if (request.least_rows < 1) return "a task without support or query rows has none";
  if (std::max(request.plan.support_rows, request.plan.query_rows) > most_rows)
    return "tasks above " + std::to_string(most_rows) + " rows have none";
  return "";
}

/// Multiply-adds and loads of a lane in one pass, as the tiles have them.
double steps_of_a_lane(const FixedShape& s, const FixedPlan& plan) {
  const int rounds = kernels::parts_of(s.rows, s.lanes);  // of the head
  double steps = 0.0;
  for (int l = 0; l + 1 < s.layers; ++l) {
    const kernels::FixedLayerPlan& layer = plan.layer[l];
    const double out = layer.out.elements(), inputs = s.inputs_of(l);
    const double loads = layer.out.rows + 4.0 * kernels::fixed_loads(layer.out.columns);
    steps += inputs * (out + loads / 4.0);
    if (l > 0) steps += s.outputs_of[l] * (plan.layer[l - 1].out.elements() + loads / 4.0);
    const kernels::FixedTile& w = layer.weight_tile;
    if (layer.tiled)
      steps += s.rows *
               (w.elements() + w.strips * (kernels::fixed_loads(w.rows) + kernels::fixed_loads(w.columns)));
    // Elementwise work, and sums of columns.
    steps += 24.0 * out + s.rows * layer.columns * (3.0 + s.outputs());
  }
  return steps + s.outputs_of[s.layers - 2] * s.outputs() * 2.0 * rounds;
}

}  // namespace

int room_for_rows(int rows) {
  const int step = rows <= 16 ? 2 : rows <= 32 ? 4 : rows <= 64 ? 8 : 16;
  return (rows + step - 1) / step * step;
}

int resident_tasks(const FixedShape& shape, const FixedPlan& plan, const Architecture& architecture) {
  const int threads = kernels::fixed_block_threads(shape), tasks = threads / shape.lanes;
  const std::int64_t shared =
      std::int64_t{tasks} * plan.shared_floats * static_cast<std::int64_t>(sizeof(float));
  if (shared > architecture.shared_per_block) return 0;
  const std::int64_t blocks = std::min<std::int64_t>(
      {architecture.shared_per_multiprocessor / (shared + shared_reserved_per_block),
       architecture.blocks_per_multiprocessor, architecture.threads_per_multiprocessor / threads,
       registers_per_multiprocessor / (registers * threads)});
  return static_cast<int>(blocks) * tasks;
}

FixedChoice choose_fixed_shape(const FixedRequest& request, const Architecture& architecture) {
  FixedChoice choice;
  choice.reason = out_of_scope(request);
  if (!choice.reason.empty()) return choice;
  const kernels::Network& net = request.plan.network;
  const kernels::InnerOptions& inner = request.plan.inner;
  FixedShape shape;
  shape.inputs = net.inputs;
  shape.layers = net.layer_count;
  for (int l = 0; l < net.layer_count; ++l) {
    shape.outputs_of[l] = net.layers[l].outputs;
    shape.frozen |= (net.layers[l].weight_adapts ? 0u : 1u) << (2 * l);
    shape.frozen |= (net.layers[l].bias_adapts ? 0u : 2u) << (2 * l);
  }
  shape.targets = net.targets;
  shape.rows =
      std::max(room_for_rows(std::max(request.plan.support_rows, request.plan.query_rows)), request.rows);
  shape.activation = net.activation;
  shape.loss = request.plan.loss;
  shape.quantiles = request.quantiles;
  shape.exact = inner.outer == OuterRule::exact;
  shape.rates = inner.rates;
  shape.offset = request.offset;
  if (!shape.freezes_nothing_body_or_head()) {
    choice.reason = "models that adapt some of their hidden layers have none";
    return choice;
  }
  double least = 0.0;
  for (const bool streamed : {false, true}) {
    if (choice.shape || (request.streamed && !streamed)) continue;
    for (const int lanes : kernels::lane_choices) {
      if (request.lanes > 0 && lanes != request.lanes) continue;
      if (streamed && lanes < kernels::warp_threads) continue;
      shape.lanes = lanes;
      shape.streamed = streamed;
      const FixedPlan plan = kernels::fixed_plan(shape);
      const int tasks = resident_tasks(shape, plan, architecture);
      if (tasks == 0) continue;
      // Cycles of a multiprocessor for a task: to issue its instructions on four schedulers, or for one task
      // to get through them at the share of cycles that its few warps can use.
      constexpr double schedulers = 4.0, warp = 32.0, one_warp_share = 0.7;
      const double steps = steps_of_a_lane(shape, plan);
      const double cycles = std::max(steps * lanes / warp / schedulers, steps / one_warp_share / tasks);
      if (choice.shape && cycles >= least) continue;
      choice.shape = shape;
      choice.cycles = least = cycles;
    }
  }
  if (!choice.shape) choice.reason = "its parameters leave no room in shared memory";
  return choice;
}

std::string describe(const FixedShape& shape) {
  std::string text = std::to_string(shape.inputs);
  for (int l = 0; l < shape.layers; ++l) text += "-" + std::to_string(shape.outputs_of[l]);
  text += ", " + std::string(to_string(shape.activation)) + ", " + std::string(to_string(shape.loss)) + ", " +
          std::to_string(shape.rows) + " rows";
  if (!shape.exact) text += ", first order";
  if (shape.rates != LearnedRate::none) text += ", learned rates";
  if (shape.frozen != 0) text += ", some tensors frozen";
  if (shape.streamed) text += ", streamed activations";
  return text + ", " + std::to_string(shape.lanes) + " threads";
}

}  // namespace shoal::cuda
