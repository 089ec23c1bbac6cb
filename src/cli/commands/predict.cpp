// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <cstdio>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/adapted_models.hpp"
#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"

namespace shoal::cli {
namespace {

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

template <class Real>
std::string number_text(Real value) {
  if (std::isnan(value)) return "NaN";
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

/// Shape of the model that a file of adapted models was made from: its metadata's configuration and the file
/// itself.
ModelSpec adapted_shape(const TrainedModel& model, const TaskSource& source) {
  RunConfig config = model.config;
  if (config.loss.kind == LossKind::softmax && config.model.outputs == 0) {
    const TensorFile content = read_tensor_file(model.file);
    const auto bias =
        content.tensors.find("fast.layers." + std::to_string(config.model.hidden.size()) + ".bias");
    if (bias == content.tensors.end() || bias->second.shape.size() != 2)
      throw ModelError(model.file.string() + ": the last layer is missing");
    config.model.outputs = static_cast<int>(bias->second.shape[1]);
  }
  return model_for(config, source);
}

}  // namespace

int run_predict(const CommandOptions& options) {
  require_parent_folder(options.out);
  const TrainedModel model = open_trained(options);
  require_other_file(options.out, {options.data, model.file.native(), options.common.config});
  const bool adapted = is_adapted(model.file);
  if (adapted && !options.steps.empty())
    throw InvalidArgument("predict: --steps does not go with adapted models, they have been adapted already");
  const int steps = adaptation_steps(options, model);
  const bool adapts = !adapted && steps > 0;
  const OpenedData data =
      open_data(options, model, adapts ? TargetsNeeded::in_support : TargetsNeeded::nowhere);
  report_left_out(data, options.common);
  const Context context = make_context(model.config);
  return in_precision(context, [&]<class Real>(Real) {
    const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, model.config.evaluate.tasks);
    FastWeights<Real> fast;
    std::vector<Real> outputs;
    std::size_t width = 0;  // network outputs
    if (adapted) {
      const ModelSpec shape = naming_file(data, [&] { return adapted_shape(model, *data.source); });
      require_layout(model.file, shape);
      // The file is compared with the layout before a learner of its size is made; it predicts from the fast
      // weights alone.
      const BasicMetaLearner<Real> learner(
          context, learner_options<Real>(model.config, shape, *data.source),
          [&](const ParameterLayout& layout, const RateLayout& rates) {
            fast = read_adapted<Real>(model.file, layout, tasks.ids());
            return MetaParameters<Real>{std::vector<Real>(layout.size()), std::vector<Real>(rates.size())};
          });
      outputs = naming_file(data, [&] { return learner.predict(fast, tasks.query(), tasks.columns()); });
      width = static_cast<std::size_t>(learner.options().model.outputs);
    } else {
      const auto learner =
          naming_file(data, [&] { return open_learner<Real>(context, model, *data.source); });
      fast = naming_file(data, [&] { return learner.adapt(tasks, steps); });
      outputs = learner.predict(fast, tasks.query(), tasks.columns());
      width = static_cast<std::size_t>(learner.options().model.outputs);
    }
    outputs_to_user_units(model.config.loss, data.source->target_units(), std::span(outputs));
    const std::int64_t rows = tasks.query().total_rows();
    const bool timed = data.table && !model.preprocessing->options.time.empty();
    std::string text = std::string("task,task_id,row") + (timed ? ",time" : "");
    for (std::size_t j = 0; j < width; ++j) text += ",output_" + std::to_string(j);
    text += "\n";
    std::int64_t good = 0;
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      const std::int64_t id = tasks.ids()[static_cast<std::size_t>(t)];
      good += fast.status[static_cast<std::size_t>(t)] == TaskStatus::good ? 1 : 0;
      const std::int64_t first = tasks.query().offsets[static_cast<std::size_t>(t)];
      for (std::int64_t r = 0; r < tasks.query().rows(t); ++r) {
        const std::int64_t row = data.table ? data.table->query_rows(id)[static_cast<std::size_t>(r)] : r;
        text += csv_text(data.key_of(id)) + "," + std::to_string(id) + "," + std::to_string(row);
        if (timed) text += "," + csv_text(data.table->time_of(row));
        for (std::size_t j = 0; j < width; ++j)
          text += "," + number_text(outputs[static_cast<std::size_t>(first + r) * width + j]);
        text += "\n";
      }
    }
    write_file(options.out, text);
    if (options.common.json) {
      print_json({{"out", options.out},
                  {"backend", context.backend_name()},
                  {"rows", rows},
                  {"tasks", tasks.size()},
                  {"good", good},
                  {"without_support", adapts ? without_support(tasks) : 0},
                  {"left_out", left_out_json(data)}});
    } else if (!options.common.quiet) {
      std::fprintf(stderr, "%s: %lld rows of %lld tasks, %lld of them good\n", options.out.c_str(),
                   static_cast<long long>(rows), static_cast<long long>(tasks.size()),
                   static_cast<long long>(good));
    }
    return good == 0 ? 5 : 0;
  });
}

}  // namespace shoal::cli
