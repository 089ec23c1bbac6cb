// SPDX-License-Identifier: Apache-2.0
#include "cpu/network_plan.hpp"

#include <algorithm>

#include <shoal/error.hpp>

namespace shoal::cpu {
namespace {

// Sizes are data, apart from the algorithm: what a thread may count on in its caches.
constexpr std::size_t block_bytes = 32 * 1024;       // activations of the widest layer of one block: L1
constexpr std::size_t tape_bytes = 6 * 1024 * 1024;  // tapes kept from the inner loop: beyond it, recompute
constexpr int tile_rows = 5;

ActivationCode code_of(Activation activation) {
  switch (activation) {
    case Activation::identity:
      return ActivationCode::identity;
    case Activation::relu:
      return ActivationCode::relu;
    case Activation::tanh:
      return ActivationCode::tanh;
    case Activation::sigmoid:
      return ActivationCode::sigmoid;
    case Activation::softplus:
      return ActivationCode::softplus;
    case Activation::silu:
      return ActivationCode::silu;
    case Activation::gelu:
      return ActivationCode::gelu;
  }
  throw InvalidArgument("cpu backend: unknown activation");
}

LossCode code_of(LossKind loss) {
  switch (loss) {
    case LossKind::mse:
      return LossCode::mse;
    case LossKind::huber:
      return LossCode::huber;
    case LossKind::bce:
      return LossCode::bce;
    case LossKind::softmax:
      return LossCode::softmax;
    case LossKind::pinball:
      return LossCode::pinball;
    case LossKind::gaussian_nll:
      return LossCode::gaussian_nll;
    case LossKind::qlike:
      return LossCode::qlike;
  }
  throw InvalidArgument("cpu backend: unknown loss");
}

OuterCode code_of(OuterRule rule) {
  switch (rule) {
    case OuterRule::exact:
      return OuterCode::exact;
    case OuterRule::first_order:
      return OuterCode::first_order;
    case OuterRule::parameter_move:
      return OuterCode::parameter_move;
  }
  throw InvalidArgument("cpu backend: unknown outer rule");
}

RateCode code_of(LearnedRate rate) {
  switch (rate) {
    case LearnedRate::none:
      return RateCode::fixed;
    case LearnedRate::layer:
      return RateCode::layer;
    case LearnedRate::layer_step:
      return RateCode::layer_step;
    case LearnedRate::parameter:
      return RateCode::parameter;
  }
  throw InvalidArgument("cpu backend: unknown learned rate");
}

}  // namespace

NetworkPlan::NetworkPlan(const Problem& problem, const TaskColumns& columns) {
  const ParameterLayout& layout = problem.layout;
  const Loss& loss = problem.loss;
  const InnerPlan& plan = problem.plan;
  const auto adapts = [&](std::size_t tensor) { return plan.adapts.at(tensor) != 0; };
  network_.lowest_adapting = layout.layers();
  network_.widest = problem.model.inputs;
  for (int l = 0; l < layout.layers(); ++l) {
    const auto tensor = 2 * static_cast<std::size_t>(l);
    LayerShape shape;
    shape.inputs = static_cast<int>(layout.weight(l).shape[0]);
    shape.outputs = static_cast<int>(layout.weight(l).shape[1]);
    shape.weight = layout.weight(l).offset;
    shape.bias = layout.bias(l).offset;
    shape.width_before = network_.hidden_width;
    shape.weight_adapts = adapts(tensor);
    shape.bias_adapts = adapts(tensor + 1);
    if (shape.weight_adapts || shape.bias_adapts)
      network_.lowest_adapting = std::min(network_.lowest_adapting, l);
    network_.widest = std::max(network_.widest, shape.outputs);
    if (l + 1 < layout.layers()) network_.hidden_width += shape.outputs;
    layers_.push_back(shape);
  }
  network_.lowest_adapting = std::min(network_.lowest_adapting, layout.layers() - 1);
  network_.layers = layers_.data();
  network_.layer_count = layout.layers();
  network_.inputs = problem.model.inputs;
  network_.outputs = problem.model.outputs;
  network_.targets = columns.targets == 0 ? 1 : columns.targets;
  network_.offsets = columns.offsets;
  network_.parameters = layout.size();
  network_.activation = code_of(problem.model.activation);
  if (const TensorSpec* skip = layout.skip()) {
    network_.has_skip = true;
    network_.skip = skip->offset;
    network_.skip_adapts = adapts(layout.tensors().size() - 1);
  }

  quantiles_.assign(loss.quantiles.begin(), loss.quantiles.end());
  loss_.code = code_of(loss.kind);
  loss_.delta = static_cast<float>(loss.delta);
  loss_.pos_weight = static_cast<float>(loss.pos_weight);
  loss_.floor = loss.floor ? static_cast<float>(*loss.floor) : -1.0f;
  loss_.quantiles = quantiles_.data();
  loss_.quantile_count = static_cast<int>(quantiles_.size());

  step_weights_.assign(plan.step_weights.begin(), plan.step_weights.end());
  inner_.steps = plan.steps;
  inner_.outer = code_of(plan.rule);
  inner_.rates = code_of(plan.learned_rate);
  inner_.rate_steps = plan.rate_steps;
  inner_.learning_rate = static_cast<float>(plan.learning_rate);
  inner_.step_weights = step_weights_.empty() ? nullptr : step_weights_.data();
  inner_.max_move = static_cast<float>(plan.max_move);
}

GroupJob NetworkPlan::job() const {
  GroupJob job;
  job.network = &network_;
  job.loss = &loss_;
  job.inner = &inner_;
  return job;
}

void NetworkPlan::size_blocks(GroupJob& job, int width) const {
  const auto row_bytes =
      static_cast<std::size_t>(network_.widest) * static_cast<std::size_t>(width) * sizeof(float);
  const int most = std::max(tile_rows, static_cast<int>(block_bytes / row_bytes) / tile_rows * tile_rows);
  const int rows = std::max({1, job.support.rows, job.query.rows});
  const int blocks = (rows + most - 1) / most;
  job.block_rows = (rows + blocks - 1) / blocks;
  const std::size_t per_row =
      4 * static_cast<std::size_t>(network_.hidden_width) + 2 * static_cast<std::size_t>(network_.outputs);
  const std::size_t tapes = per_row * static_cast<std::size_t>(width) * sizeof(float) *
                            static_cast<std::size_t>(job.support.rows) *
                            static_cast<std::size_t>(inner_.steps);
  job.tape = tapes <= tape_bytes ? StoredTape::keep : StoredTape::recompute;
}

}  // namespace shoal::cpu
