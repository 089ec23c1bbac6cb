// SPDX-License-Identifier: Apache-2.0
#include "support/random_case.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/with_kind.hpp"
#include "support/loss_cases.hpp"

namespace shoal::testing {
namespace {

TaskSetStorage<float> random_rows(std::mt19937_64& random, const TaskColumns& columns, const Loss& loss,
                                  int classes, const std::vector<int>& rows) {
  TaskSetStorage<float> set;
  for (const int count : rows) {
    for (int e = 0; e < count * columns.inputs; ++e) set.x.push_back(static_cast<float>(normal(random)));
    for (int e = 0; e < count * columns.targets; ++e) {
      double y = normal(random);
      y = with_kind(LossKinds{}, loss.kind,
                    [&]<LossKind kind>() { return LossCase<kind>::target(random, y); });
      set.y.push_back(static_cast<float>(y));
    }
    if (columns.targets == 0)
      for (int e = 0; e < count; ++e) set.labels.push_back(uniform_int(random, 0, classes - 1));
    for (int e = 0; e < count * columns.offsets; ++e)
      set.output_offset.push_back(static_cast<float>(0.3 * normal(random)));
    set.row_starts.push_back(set.row_starts.back() + count);
  }
  return set;
}

}  // namespace

const std::vector<std::string>& algorithm_names() {
  static const std::vector<std::string> names = [] {
    const std::vector<std::string_view> known = shoal::algorithm_names();
    std::vector<std::string> all(known.begin(), known.end());
    for (const char* variation : {"maml-layer", "maml-layer-step", "maml-multi-step"})
      all.emplace_back(variation);
    return all;
  }();
  return names;
}

Algorithm named_algorithm(const std::string& algorithm, AlgorithmOptions options) {
  if (algorithm == "maml-layer") options.learned_rate = LearnedRate::layer;
  if (algorithm == "maml-layer-step") options.learned_rate = LearnedRate::layer_step;
  if (algorithm == "maml-multi-step") {
    double sum = 0.0;
    for (int k = 0; k < options.steps; ++k) sum += k;
    for (int k = 0; k < options.steps; ++k) options.step_weights.push_back(sum > 0.0 ? single(k / sum) : 1.0);
  }
  return make_algorithm(algorithm.starts_with("maml-") ? "maml" : algorithm, options);
}

RandomCase random_case(std::mt19937_64& random, const std::string& algorithm, LossKind kind,
                       Activation activation, const CaseLimits& limits) {
  RandomCase c;
  c.algorithm_name = algorithm;
  c.loss = with_kind(LossKinds{}, kind, [&]<LossKind listed>() { return LossCase<listed>::draw(random); });
  const Loss& loss = c.loss;

  TaskColumns columns;
  columns.inputs = uniform_int(random, limits.least_inputs, limits.most_inputs);
  const int targets = uniform_int(random, 1, 2), classes = uniform_int(random, 2, 4);
  columns.targets = loss.has_labels() ? 0 : targets;
  c.model.inputs = columns.inputs;
  c.model.hidden.clear();
  for (int depth = uniform_int(random, limits.least_depth, limits.most_depth); depth > 0; --depth)
    c.model.hidden.push_back(uniform_int(random, limits.least_width, limits.most_width));
  c.model.outputs = loss.has_labels() ? classes : loss.outputs_for(targets);
  if (!limits.hidden.empty()) c.model.hidden = limits.hidden;
  c.model.activation = activation;
  c.model.skip = random() % 3 == 0;
  columns.offsets = random() % 4 == 0 ? c.model.outputs : 0;

  AlgorithmOptions options;
  options.steps = uniform_int(
      random, algorithm == "maml-multi-step" ? std::max(1, limits.least_steps) : limits.least_steps,
      limits.most_steps);
  options.learning_rate = single(uniform(random, 0.01, 0.1));
  c.algorithm = named_algorithm(algorithm, options);

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
  const RateLayout rates(layout, learned_rate_of(c.algorithm), std::max(options.steps, 1));
  for (std::size_t r = 0; r < rates.size(); ++r)
    c.parameters.rates.push_back(static_cast<float>(options.learning_rate * uniform(random, 0.3, 1.5)));
  return c;
}

RandomCase random_case(std::mt19937_64& random, const CaseLimits& limits) {
  const auto& names = algorithm_names();
  const std::string& algorithm = names[random() % names.size()];
  const LossKind loss = LossKinds::all[random() % std::size(LossKinds::all)];
  const Activation activation = Activations::all[random() % std::size(Activations::all)];
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
