// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include <shoal/error.hpp>
#include <shoal/open_tasks.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {
namespace {

using nlohmann::ordered_json;

/// Formats a value in one line, safe for a terminal.
std::string cell(const ordered_json& value) {
  if (!value.is_string()) return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  const auto& text = value.get_ref<const std::string&>();
  return printable(text, text.size());
}

/// Makes a text of many lines safe for a terminal.
std::string lines(const std::string& text) {
  std::string shown;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) shown += printable(line, line.size()) + "\n";
  return shown;
}

/// Prints a report for people: one line per value and per object of a list. The members of an object have its
/// name as a prefix. Texts of many lines follow their name.
void print_text(const ordered_json& result, const std::string& inside) {
  for (const auto& [key, value] : result.items()) {
    const std::string name = inside + printable(key);
    if (value.is_object()) {
      print_text(value, name + ".");
    } else if (value.is_array() &&
               std::any_of(value.begin(), value.end(), [](const auto& entry) { return entry.is_object(); })) {
      std::printf("%s\n", name.c_str());
      for (const auto& entry : value) {
        std::printf(" ");
        for (const auto& [part, content] : entry.items())
          std::printf(" %s", (content.is_string() ? cell(content) : part + " " + cell(content)).c_str());
        std::printf("\n");
      }
    } else if (value.is_string() && value.get_ref<const std::string&>().find('\n') != std::string::npos) {
      std::printf("%s\n%s\n", name.c_str(), lines(value.get<std::string>()).c_str());
    } else {
      std::printf("%-24s %s\n", name.c_str(), cell(value).c_str());
    }
  }
}

void print(const ordered_json& result, bool json) {
  if (json)
    print_json(result);
  else
    print_text(result, "");
}

}  // namespace

int run_inspect_plan(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  const auto source = make_task_source(config);
  const ModelSpec model = model_for(config, *source);
  const ParameterLayout layout(model);
  const auto& inner = inner_loop_of(config.algorithm);
  const RateLayout rates(layout, learned_rate_of(config.algorithm), inner.steps);
  const TaskBatch tasks = source->sample(Phase::train, 0, config.train.tasks_per_batch);
  // For one row, a forward pass takes F multiply-adds, the sum of d_in d_out over the layers; a gradient
  // takes 3 F and a Hessian-vector product 6 F (docs/definitions.md).
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
    const Context context(
        with_environment({.backend = BackendKind::cpu, .threads = config.threads, .isa = config.isa}));
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
  if (!options.out.empty()) {
    require_parent_folder(options.out);
    require_other_file(options.out, {file.string()});
  }
  const TensorFile content = read_tensor_file(file);
  if (!options.out.empty()) write_hashed_file(options.out, content);
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
  // a file may have many keys, and searching among them all for each would take long
  ordered_json::object_t metadata;
  for (const auto& [key, value] : content.metadata) {
    const bool ids = key.ends_with("_tasks") && !options.common.json;
    metadata.push_back(
        {key, ids ? std::to_string(ids_of_text(value, file.string() + ": metadata \"" + key + "\"").size()) +
                        " task ids"
                  : value});
  }
  result["metadata"] = std::move(metadata);
  print(result, options.common.json);
  return 0;
}

int run_inspect_tasks(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  const OpenedTasks data = open_tasks(config, notices(options.common));
  const TaskSource* source = data.source.get();
  const TaskColumns columns = source->columns();
  ordered_json result = {{"source", to_string(config.tasks.source)},
                         {"inputs", columns.inputs},
                         {"targets", columns.targets},
                         {"classes", source->classes()},
                         {"phases", ordered_json::array()}};
  if (const auto left = left_out_json(data.report); !left.is_null()) result["left_out"] = left;
  if (!data.report.warnings.empty()) result["warnings"] = data.report.warnings;
  if (const auto scaling = scaling_json(data.report); !scaling.is_null()) result["scaling"] = scaling;
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test, Phase::held_out}) {
    const auto size = source->size(phase);
    if (phase == Phase::held_out && size.value_or(0) == 0) continue;
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
