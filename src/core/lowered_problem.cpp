// SPDX-License-Identifier: Apache-2.0
#include "core/lowered_problem.hpp"

#include <algorithm>

#include <shoal/error.hpp>

namespace shoal {
namespace {

using namespace kernels;

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
  throw InvalidArgument("unknown activation");
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
  throw InvalidArgument("unknown loss");
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
  throw InvalidArgument("unknown outer rule");
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
  throw InvalidArgument("unknown learned rate");
}

}  // namespace

LoweredProblem::LoweredProblem(const Problem& problem, const TaskColumns& columns) {
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
    shape.stride = shape.outputs;
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

}  // namespace shoal
