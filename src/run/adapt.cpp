// SPDX-License-Identifier: Apache-2.0
#include <shoal/adapted_models.hpp>

#include <cstdint>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "run/adapted_file.hpp"
#include "run/gated_learner.hpp"
#include "run/opened_data.hpp"
#include "run/opened_run.hpp"
#include "run/precision.hpp"
#include "run/task_report.hpp"
#include "run/unused_overrides.hpp"

namespace shoal {
namespace {

template <class Real>
AdaptedModels adapt_in(const OpenedRun& run, const OpenedData& data, int steps) {
  const TrainedModel& model = run.model;
  const auto learner =
      naming_file(data, [&] { return open_learner<Real>(run.context(), model, *data.source); });
  const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, model.config.evaluate.tasks);
  FastWeights<Real> fast =
      naming_file(data, [&] { return GatedLearner<Real>(learner, model.gate).adapt(tasks, steps); });
  AdaptedModels adapted{learner.layout(), {}, {}, steps, model.metadata, {}};
  adapted.metadata["adaptation_steps"] = std::to_string(steps);
  adapted.tasks.reserve(tasks.ids().size());
  for (const std::int64_t id : tasks.ids()) adapted.tasks.push_back(data.reported(id));
  adapted.report = task_report(run, data, tasks, failures_in(fast, tasks.ids()));
  adapted.report.without_support = without_support(tasks);
  adapted.models = std::move(fast);
  return adapted;
}

/// The layout of a network of the run's hidden layers between the first and the last tensor of the file.
ParameterLayout layout_in(const OpenedRun& run, const TensorFile& content, const std::string& name) {
  const ModelConfig& model = run.model.config.model;
  const auto extent = [&](std::size_t layer, std::size_t axis) {
    const auto at = content.tensors.find("fast.layers." + std::to_string(layer) + ".weight");
    if (at == content.tensors.end() || at->second.shape.size() != 3 || at->second.shape[axis] > INT32_MAX)
      throw ModelError(name + ": holds no adapted models of this network");
    return static_cast<int>(at->second.shape[axis]);
  };
  const ModelSpec spec{.inputs = extent(0, 1),
                       .hidden = model.hidden,
                       .outputs = extent(model.hidden.size(), 2),
                       .activation = model.activation,
                       .skip = model.skip};
  require_layout(name, spec);
  return ParameterLayout(spec);
}

}  // namespace

AdaptedModels parse_adapted_run(const OpenedRun& run, std::span<const std::byte> bytes) {
  const std::string name = "adapted models in memory";
  TensorFile content = parse_tensor_file(bytes, name);
  AdaptedModels adapted{layout_in(run, content, name), {}, {}, 0, content.metadata, {}};
  adapted.steps = steps_of_adapted(content.metadata, name);
  const auto ids = content.tensors.find("task_id");
  if (ids == content.tensors.end()) throw ModelError(name + ": tensor \"task_id\" is missing");
  const auto task_ids = ids->second.values<std::int64_t>();
  for (const std::int64_t id : task_ids)
    adapted.tasks.push_back({id, std::to_string(id), "new", std::nullopt});
  const bool wide = content.tensors.at("fast.layers.0.weight").dtype == DType::f64;
  const auto stored = [&]<class Real>(Real) {
    return StoredModels<Real>(std::move(content), name, adapted.layout).of(task_ids);
  };
  if (wide)
    adapted.models = stored(double{});
  else
    adapted.models = stored(float{});
  return adapted;
}

AdaptedModels adapt_run(const OpenedRun& run, const RunData& data, std::optional<int> steps) {
  const std::vector<int> asked = steps ? std::vector<int>{*steps} : std::vector<int>{};
  check_overrides(run.options, run.model, {.use = RunUse::adapt, .data = data, .steps = asked});
  const OpenedData opened = open_data(data, run.model, TargetsNeeded::in_support, Phases::all_test,
                                      Phase::test, run.options.notify);
  tell_left_out(opened, run.options.notify);
  const int count = adaptation_steps(steps, run.model);
  return in_precision(run.context(), [&]<class Real>(Real) { return adapt_in<Real>(run, opened, count); });
}

}  // namespace shoal
