// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/adapted_models.hpp"
#include "cli/failed_tasks.hpp"
#include "cli/idle_overrides.hpp"
#include "cli/opened_data.hpp"
#include "cli/prediction_file.hpp"
#include "cli/print_json.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

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

/// How many steps the models of a file were adapted in.
int steps_of_adapted(const TrainedModel& model) {
  const auto found = model.metadata.find("adaptation_steps");
  const std::string text = found == model.metadata.end() ? "" : found->second;
  int steps = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (error != std::errc() || end != text.data() + text.size() || steps < 0)
    throw ModelError(model.file.string() + ": metadata \"adaptation_steps\" is not a number of steps");
  return steps;
}

}  // namespace

int run_predict(const CommandOptions& options) {
  require_parent_folder(options.out);
  const TrainedModel model = open_trained(options);
  require_other_file(options.out, {options.data, model.file.native(), options.common.config});
  const bool adapted = is_adapted(model.file);
  if (adapted && !options.steps.empty())
    throw InvalidArgument("predict: --steps does not go with adapted models, they have been adapted already");
  check_overrides(options, model, {.command = Command::predict, .adapted = adapted});
  const int steps = adapted ? steps_of_adapted(model) : adaptation_steps(options, model);
  const bool adapts = !adapted && steps > 0;
  const OpenedData data = open_data(
      options, model, adapts ? TargetsNeeded::in_support : TargetsNeeded::nowhere, Phases::all_test);
  report_left_out(data, options.common);
  const Context context = make_context(model.config);
  return in_precision(context, [&]<class Real>(Real) {
    const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, model.config.evaluate.tasks);
    std::vector<FailedTask> failures;
    const auto write = [&](const BasicMetaLearner<Real>& learner, const auto& adapt) {
      PredictionTable table(data, model, learner.options().model.outputs);
      naming_file(data, [&] {
        write_predictions<Real>(
            options.out, table, learner, tasks, std::span(&steps, 1),
            [&](const BasicTaskBatch<Real>& batch, int) {
              FastWeights<Real> fast = adapt(batch);
              for (std::size_t t = 0; t < fast.status.size(); ++t)
                if (fast.status[t] != TaskStatus::good)
                  failures.push_back({batch.ids()[t], fast.status[t], fast.failed_step[t]});
              return fast;
            });
      });
    };
    if (adapted) {
      const ModelSpec shape = naming_file(data, [&] { return adapted_shape(model, *data.source); });
      require_layout(model.file, shape);
      // The file is compared with the layout before a learner of its size is made; it predicts from the fast
      // weights alone.
      std::optional<AdaptedModels<Real>> models;
      const BasicMetaLearner<Real> learner(
          context, learner_options<Real>(model.config, shape, *data.source),
          [&](const ParameterLayout& layout, const RateLayout& rates) {
            models.emplace(model.file, layout);
            models->require_all(tasks.ids(), data);
            return MetaParameters<Real>{std::vector<Real>(layout.size()), std::vector<Real>(rates.size())};
          });
      write(learner, [&](const BasicTaskBatch<Real>& batch) { return models->of(batch.ids()); });
    } else {
      const auto learner =
          naming_file(data, [&] { return open_learner<Real>(context, model, *data.source); });
      write(learner, [&](const BasicTaskBatch<Real>& batch) { return learner.adapt(batch, steps); });
    }
    name_failures(failures, *data.source);
    const std::int64_t rows = tasks.query().total_rows(),
                       good = tasks.size() - static_cast<std::int64_t>(failures.size());
    if (options.common.json) {
      print_json({{"out", options.out},
                  {"backend", context.backend_name()},
                  {"rows", rows},
                  {"tasks", tasks.size()},
                  {"good", good},
                  {"failures", json_failures(failures)},
                  {"without_support", adapts ? without_support(tasks) : 0},
                  {"left_out", left_out_json(data)}});
    } else if (!options.common.quiet) {
      std::fprintf(stderr, "%s: %lld rows of %lld tasks, %lld of them good\n", printable(options.out).c_str(),
                   static_cast<long long>(rows), static_cast<long long>(tasks.size()),
                   static_cast<long long>(good));
      if (!failures.empty())
        std::fprintf(stderr, "%s\n", failure_text(std::ssize(failures), tasks.size(), failures).c_str());
    }
    if (good == 0) throw NumericError(failure_text(std::ssize(failures), tasks.size(), failures));
    return 0;
  });
}

}  // namespace shoal::cli
