// SPDX-License-Identifier: Apache-2.0
#include "support/random_case.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::testing {
namespace {

constexpr LossKind losses[] = {LossKind::mse,     LossKind::huber,        LossKind::bce,  LossKind::softmax,
                               LossKind::pinball, LossKind::gaussian_nll, LossKind::qlike};
constexpr Activation activations[] = {Activation::identity, Activation::relu,     Activation::tanh,
                                      Activation::sigmoid,  Activation::softplus, Activation::silu,
                                      Activation::gelu};

// Options are drawn as floats, so that both precisions solve the same problem.
double single(double value) {
  return static_cast<double>(static_cast<float>(value));
}

TaskSetStorage<float> random_rows(std::mt19937_64& random, const TaskColumns& columns, const Loss& loss,
                                  int classes, const std::vector<int>& rows) {
  TaskSetStorage<float> set;
  for (const int count : rows) {
    for (int e = 0; e < count * columns.inputs; ++e) set.x.push_back(static_cast<float>(normal(random)));
    for (int e = 0; e < count * columns.targets; ++e) {
      double y = normal(random);
      if (loss.kind == LossKind::bce) y = uniform_int(random, 0, 1);
      if (loss.kind == LossKind::qlike) y = 0.2 + y * y;
      set.y.push_back(static_cast<float>(y));
    }
    if (columns.targets == 0)
      for (int e = 0; e < count; ++e) set.labels.push_back(uniform_int(random, 0, classes - 1));
    for (int e = 0; e < count * columns.offsets; ++e)
      set.output_offset.push_back(static_cast<float>(0.3 * normal(random)));
    set.offsets.push_back(set.offsets.back() + count);
  }
  return set;
}

}  // namespace

double uniform(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}
int uniform_int(std::mt19937_64& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
}
double normal(std::mt19937_64& random) {
  double sum = -6.0;  // Irwin-Hall: of twelve uniforms, so that no libm takes part
  for (int i = 0; i < 12; ++i) sum += uniform(random, 0.0, 1.0);
  return sum;
}

const std::vector<std::string>& algorithm_names() {
  static const std::vector<std::string> names = {
      "maml",   "fomaml",     "reptile",         "anil",           "boil", "meta-sgd",
      "pooled", "maml-layer", "maml-layer-step", "maml-multi-step"};
  return names;
}

Algorithm named_algorithm(const std::string& algorithm, InnerLoop inner) {
  if (algorithm == "maml-layer") inner.learned_rate = LearnedRate::layer;
  if (algorithm == "maml-layer-step") inner.learned_rate = LearnedRate::layer_step;
  if (algorithm == "maml-multi-step") {
    double sum = 0.0;
    for (int k = 0; k < inner.steps; ++k) sum += k;
    for (int k = 0; k < inner.steps; ++k) inner.step_weights.push_back(sum > 0.0 ? single(k / sum) : 1.0);
  }
  return make_algorithm(algorithm.starts_with("maml-") ? "maml" : algorithm, inner);
}

RandomCase random_case(std::mt19937_64& random, const std::string& algorithm, LossKind kind,
                       Activation activation, const CaseLimits& limits) {
  RandomCase c;
  c.algorithm_name = algorithm;
  Loss& loss = c.loss;
  loss.kind = kind;
  if (kind == LossKind::huber) loss.delta = single(uniform(random, 0.3, 1.5));
  if (kind == LossKind::bce) loss.pos_weight = single(uniform(random, 0.5, 3.0));
  if (kind == LossKind::pinball) loss.quantiles = {single(0.05), 0.5, single(0.9)};
  if (kind == LossKind::qlike && random() % 2) loss.floor = single(0.2);

  TaskColumns columns;
  columns.inputs = uniform_int(random, limits.least_inputs, limits.most_inputs);
  const int targets = uniform_int(random, 1, 2), classes = uniform_int(random, 2, 4);
  columns.targets = kind == LossKind::softmax ? 0 : targets;
  c.model.inputs = columns.inputs;
  c.model.hidden.clear();
  for (int depth = uniform_int(random, limits.least_depth, limits.most_depth); depth > 0; --depth)
    c.model.hidden.push_back(uniform_int(random, limits.least_width, limits.most_width));
  c.model.outputs = kind == LossKind::softmax ? classes : loss.outputs_for(targets);
  c.model.activation = activation;
  c.model.skip = random() % 3 == 0;
  columns.offsets = random() % 4 == 0 ? c.model.outputs : 0;

  InnerLoop inner;
  inner.steps = uniform_int(
      random, algorithm == "maml-multi-step" ? std::max(1, limits.least_steps) : limits.least_steps,
      limits.most_steps);
  inner.learning_rate = single(uniform(random, 0.01, 0.1));
  c.algorithm = named_algorithm(algorithm, inner);

  std::vector<int> support, query;
  std::vector<std::int64_t> ids;
  for (int tasks = uniform_int(random, limits.least_tasks, limits.most_tasks); tasks > 0; --tasks) {
    const bool empty = limits.empty_support && random() % 10 == 0;
    support.push_back(empty ? 0 : uniform_int(random, limits.least_rows, limits.most_rows));
    query.push_back(uniform_int(random, limits.least_rows, limits.most_rows));
    ids.push_back(static_cast<std::int64_t>(ids.size()) * 7 + 3);
  }
  auto support_rows = random_rows(random, columns, loss, classes, support);
  auto query_rows = random_rows(random, columns, loss, classes, query);
  c.tasks = TaskBatch::own(columns, std::move(support_rows), std::move(query_rows), ids);

  const ParameterLayout layout(c.model);
  for (const TensorSpec& tensor : layout.tensors()) {
    const double fan_in = tensor.shape.size() == 2 ? static_cast<double>(tensor.shape[0]) : 4.0;
    for (std::size_t p = 0; p < tensor.size; ++p)
      c.parameters.theta.push_back(static_cast<float>(0.6 * normal(random) / std::sqrt(fan_in)));
  }
  const bool every = algorithm == "meta-sgd";
  const RateLayout rates(layout, every ? LearnedRate::parameter : inner_loop_of(c.algorithm).learned_rate,
                         std::max(inner.steps, 1));
  for (std::size_t r = 0; r < rates.size(); ++r)
    c.parameters.rates.push_back(static_cast<float>(inner.learning_rate * uniform(random, 0.3, 1.5)));
  return c;
}

RandomCase random_case(std::mt19937_64& random, const CaseLimits& limits) {
  const auto& names = algorithm_names();
  const std::string& algorithm = names[random() % names.size()];
  const LossKind loss = losses[random() % std::size(losses)];
  const Activation activation = activations[random() % std::size(activations)];
  return random_case(random, algorithm, loss, activation, limits);
}

std::string RandomCase::describe() const {
  std::string text = std::string(name_of(algorithm)) +
                     ", K = " + std::to_string(inner_loop_of(algorithm).steps) + ", " +
                     std::string(to_string(loss.kind)) + ", " + std::string(to_string(model.activation)) +
                     ", inputs " + std::to_string(model.inputs) + ", hidden";
  for (const int width : model.hidden) text += " " + std::to_string(width);
  return text + (model.skip ? ", skip" : "") + ", outputs " + std::to_string(model.outputs) + ", tasks " +
         std::to_string(tasks.size());
}

}  // namespace shoal::testing
