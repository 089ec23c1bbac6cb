// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"
#include "cli/task_ids.hpp"

namespace shoal::cli {
namespace {

using nlohmann::ordered_json;

void print(const ordered_json& result, bool json) {
  if (json) {
    print_json(result);
    return;
  }
  for (const auto& [key, value] : result.items()) {
    if (value.is_object()) {
      for (const auto& [name, part] : value.items())
        if (part.is_string())  // metadata: texts of many lines
          std::printf("%s.%s\n%s\n", key.c_str(), name.c_str(), part.get<std::string>().c_str());
        else
          std::printf("%-24s %s\n", (key + "." + name).c_str(), part.dump().c_str());
      continue;
    }
    if (!value.is_array()) {
      std::printf("%-24s %s\n", key.c_str(),
                  value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
      continue;
    }
    std::printf("%s\n", key.c_str());
    for (const auto& line : value) {
      std::printf(" ");
      for (const auto& [name, cell] : line.items())
        std::printf(" %s",
                    cell.is_string() ? cell.get<std::string>().c_str() : (name + " " + cell.dump()).c_str());
      std::printf("\n");
    }
  }
}

}  // namespace

int run_inspect_plan(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  const auto source = make_task_source(config);
  const ModelSpec model = model_for(config, *source);
  const ParameterLayout layout(model);
  const auto& inner = inner_loop_of(config.algorithm);
  const bool per_parameter = name_of(config.algorithm) == "meta-sgd";
  const RateLayout rates(layout, per_parameter ? LearnedRate::parameter : inner.learned_rate, inner.steps);
  const TaskBatch tasks = source->sample(Phase::train, 0, config.train.tasks_per_batch);
  // design.md 4: a forward pass is F = sum of d_in d_out multiply-adds a row, gradient 3 F, Hessian-vector
  // product 6 F.
  double forward = 0.0;
  for (const TensorSpec& tensor : layout.tensors())
    if (tensor.shape.size() == 2) forward += 2.0 * static_cast<double>(tensor.size);
  const auto support = static_cast<double>(tasks.support().total_rows()),
             query = static_cast<double>(tasks.query().total_rows());
  const std::string name(name_of(config.algorithm));
  const int steps = name == "pooled" ? 0 : inner.steps;
  const double inner_cost = name == "fomaml" || name == "reptile" ? 3.0 : 9.0;
  const double flops = name == "pooled" ? 3.0 * forward * (support + query)
                                        : forward * (steps * inner_cost * support + 3.0 * query);
  ordered_json result = {
      {"algorithm", name},
      {"inner_steps", steps},
      {"parameters", layout.size()},
      {"learned_rates", rates.size()},
      {"tasks_per_batch", tasks.size()},
      {"support_rows", tasks.support().total_rows()},
      {"query_rows", tasks.query().total_rows()},
      {"flops_per_iteration", flops},
      {"trajectory_bytes_per_task", (static_cast<std::size_t>(steps) + 1) * layout.size() * sizeof(float)},
      {"tensors", ordered_json::array()}};
  if (config.backend != BackendKind::reference) {
    const Context context({BackendKind::cpu, config.threads, config.isa});
    const MetaLearner learner(context, {.model = model, .loss = config.loss, .algorithm = config.algorithm});
    result["cpu"] = learner.plan(tasks);
    for (const int capability : {80, 90, 100})
      if (const auto plans = learner.cuda_plans(tasks, capability); !plans.empty())
        result["cuda.sm_" + std::to_string(capability)] = plans.front().text;
  }
  for (const auto& specs : {layout.tensors(), rates.tensors()})
    for (const TensorSpec& spec : specs)
      result["tensors"].push_back({{"name", spec.name}, {"shape", spec.shape}});
  print(result, options.common.json);
  return 0;
}

int run_inspect_model(const CommandOptions& options) {
  const std::filesystem::path file = model_file(options.run);
  const TensorFile content = read_tensor_file(file);
  ordered_json result = {
      {"file", file.string()}, {"sha256", sha256_of_file(file)}, {"tensors", ordered_json::array()}};
  for (const auto& [name, tensor] : content.tensors) {
    ordered_json line = {{"name", name}, {"shape", tensor.shape}};
    if (tensor.dtype == DType::f32 || tensor.dtype == DType::f64) {
      double low = 0.0, high = 0.0, squares = 0.0;
      const auto values = tensor.values<double>();
      for (std::size_t i = 0; i < values.size(); ++i) {
        low = i == 0 ? values[i] : std::min(low, values[i]);
        high = i == 0 ? values[i] : std::max(high, values[i]);
        squares += values[i] * values[i];
      }
      line["min"] = low;
      line["max"] = high;
      line["norm"] = std::sqrt(squares);
    }
    result["tensors"].push_back(std::move(line));
  }
  result["metadata"] = ordered_json::object();
  for (const auto& [key, value] : content.metadata) {
    const bool ids = key.ends_with("_tasks") && !options.common.json;
    result["metadata"][key] =
        ids ? std::to_string(ids_of_text(value, file.string() + ": metadata \"" + key + "\"").size()) +
                  " task ids"
            : value;
  }
  print(result, options.common.json);
  return 0;
}

int run_inspect_tasks(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  const OpenedData data = open_source(config);
  report_left_out(data, options.common);
  const TaskSource* source = data.source.get();
  const TaskColumns columns = source->columns();
  ordered_json result = {{"source", config.tasks.source},
                         {"inputs", columns.inputs},
                         {"targets", columns.targets},
                         {"classes", source->classes()},
                         {"phases", ordered_json::array()}};
  if (const auto left = left_out_json(data); !left.is_null()) result["left_out"] = left;
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
    const auto size = source->size(phase);
    ordered_json line = {{"phase", to_string(phase)}};
    if (size && *size == 0) {
      line["tasks"] = 0;
    } else {
      const TaskBatch tasks = source->evaluation(phase, config.evaluate.tasks);
      std::int64_t least = tasks.support().rows(0), most = least;
      for (std::int64_t t = 0; t < tasks.size(); ++t) {
        least = std::min(least, tasks.support().rows(t));
        most = std::max(most, tasks.support().rows(t));
      }
      line["tasks"] = size ? *size : tasks.size();
      line["support_rows"] = tasks.support().total_rows();
      line["query_rows"] = tasks.query().total_rows();
      line["support_least"] = least;
      line["support_most"] = most;
    }
    result["phases"].push_back(std::move(line));
  }
  print(result, options.common.json);
  return 0;
}

}  // namespace shoal::cli
