// SPDX-License-Identifier: Apache-2.0
#include "core/lowered_problem.hpp"

#include <algorithm>

#include "core/loss_options.hpp"
#include "core/with_kind.hpp"

namespace shoal {

using kernels::LayerShape;

LoweredProblem::LoweredProblem(const Problem& problem, const TaskColumns& columns) {
  const ParameterLayout& layout = problem.layout;
  const Loss& loss = problem.loss;
  const InnerPlan& plan = problem.plan;
  require_listed(Activations{}, problem.model.activation, "activation");
  require_listed(LossKinds{}, loss.kind, "loss");
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
  network_.activation = problem.model.activation;
  if (const TensorSpec* skip = layout.skip()) {
    network_.has_skip = true;
    network_.skip = skip->offset;
    network_.skip_adapts = adapts(layout.tensors().size() - 1);
  }

  quantiles_.assign(loss.quantiles.begin(), loss.quantiles.end());
  loss_ = loss_options(loss);
  loss_.quantiles = quantiles_.data();

  step_weights_.assign(plan.step_weights.begin(), plan.step_weights.end());
  inner_.steps = plan.steps;
  inner_.outer = plan.rule;
  inner_.rates = plan.learned_rate;
  inner_.rate_steps = plan.rate_steps;
  inner_.learning_rate = static_cast<float>(plan.learning_rate);
  inner_.step_weights = step_weights_.empty() ? nullptr : step_weights_.data();
  inner_.max_move = static_cast<float>(plan.max_move);
}

}  // namespace shoal
