// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "run/adapted_file.hpp"
#include "run/learner_options.hpp"
#include "run/not_read.hpp"
#include "run/opened_data.hpp"
#include "run/opened_run.hpp"
#include "run/precision.hpp"
#include "run/prediction_output.hpp"
#include "run/run_data.hpp"
#include "run/task_report.hpp"
#include "run/unused_overrides.hpp"

namespace shoal {
namespace {

/// The model shape for a file of adapted models, from the configuration in its metadata and its tensors.
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

/// The number of steps that the models of a file were adapted with.
int steps_of_adapted(const TrainedModel& model) {
  const auto found = model.metadata.find("adaptation_steps");
  const std::string text = found == model.metadata.end() ? "" : found->second;
  int steps = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (error != std::errc() || end != text.data() + text.size() || steps < 0)
    throw ModelError(model.file.string() + ": metadata \"adaptation_steps\" is not a number of steps");
  return steps;
}

/// The models to predict with: the trained model after `steps` steps, or models that have been adapted
/// already.
struct Request {
  int steps = 0;
  bool adapted = false;
  const AdaptedModels* models = nullptr;  ///< adapted models in memory; null = those of the file

  bool adapts() const { return !adapted && steps > 0; }
};

Request request_of(const OpenedRun& run, std::optional<int> asked, const AdaptedModels* models) {
  if (models) return {models->steps, true, models};
  if (!run.is_adapted()) return {adaptation_steps(asked, run.model)};
  if (asked)
    throw InvalidArgument("predict: --steps does not go with adapted models, they have been adapted already");
  return {steps_of_adapted(run.model), true};
}

template <class Real>
class Prediction {
 public:
  Prediction(const OpenedRun& run, OpenedData& data, const Request& request)
      : run_(run),
        data_(data),
        request_(request),
        tasks_(evaluation_tasks<Real>(*data.source, Phase::test, run.model.config.evaluate.tasks)) {
    if (!data_.table && !data_.tasks) data_.tasks = tasks_;
  }

  /// Calls put(Predictor), which consumes the predictions.
  template <class Put>
  TaskReport run(Put put) {
    if (request_.adapted)
      with_adapted(put);
    else
      with_trained(put);
    TaskReport report = task_report(run_, data_, tasks_, std::move(failures_));
    if (request_.adapts()) report.without_support = without_support(tasks_);
    return report;
  }

 private:
  template <class Put>
  void with_trained(Put put) {
    const auto learner =
        naming_file(data_, [&] { return open_learner<Real>(run_.context(), run_.model, *data_.source); });
    predict(learner, put, [&](const auto& batch) { return learner.adapt(batch, request_.steps); });
  }

  /// Checks the stored models against the layout before it makes a learner of that size. The learner predicts
  /// with the fast weights, so its own parameters may be zero.
  template <class Put>
  void with_adapted(Put put) {
    const TrainedModel& model = run_.model;
    const ModelSpec shape = naming_file(data_, [&] {
      return run_.is_adapted() ? adapted_shape(model, *data_.source)
                               : model_of_file(model.config, *data_.source, model.file);
    });
    require_layout(model.file, shape);
    std::optional<StoredModels<Real>> models;
    const BasicMetaLearner<Real> learner(
        run_.context(), learner_options<Real>(model.config, shape, *data_.source),
        [&](const ParameterLayout& layout, const RateLayout& rates) {
          if (request_.models)
            models.emplace(*request_.models, layout);
          else
            models.emplace(model.file, layout);
          models->require_all(tasks_.ids(), data_);
          return MetaParameters<Real>{std::vector<Real>(layout.size()), std::vector<Real>(rates.size())};
        });
    predict(learner, put, [&](const auto& batch) { return models->of(batch.ids()); });
  }

  template <class Put, class Models>
  void predict(const BasicMetaLearner<Real>& learner, Put put, Models models_of) {
    PredictionTable table(data_, run_.model, learner.options().model.outputs);
    const Adapt<Real> adapt = [&](const BasicTaskBatch<Real>& batch, int) {
      FastWeights<Real> fast = models_of(batch);
      const std::vector<FailedTask> failures = failures_in(fast, batch.ids());
      failures_.insert(failures_.end(), failures.begin(), failures.end());
      return fast;
    };
    naming_file(data_, [&] {
      put(Predictor<Real>{table, learner, tasks_, std::span(&request_.steps, 1), adapt});
    });
  }

  const OpenedRun& run_;
  OpenedData& data_;
  const Request& request_;
  BasicTaskBatch<Real> tasks_;
  std::vector<FailedTask> failures_;
};

template <class Put>
TaskReport predict_with(const OpenedRun& run, const RunData& data, const Request& request,
                        std::optional<int> asked, Put put) {
  const std::vector<int> steps = asked ? std::vector<int>{*asked} : std::vector<int>{};
  check_overrides(run.options, run.model,
                  {.use = RunUse::predict, .data = data, .steps = steps, .adapted = request.adapted});
  OpenedData opened =
      open_data(data, run.model, request.adapts() ? TargetsNeeded::in_support : TargetsNeeded::nowhere,
                Phases::all_test, Phase::test, run.options.notify);
  tell_left_out(opened, run.options.notify);
  return in_precision(run.context(),
                      [&]<class Real>(Real) { return Prediction<Real>(run, opened, request).run(put); });
}

}  // namespace

Predictions predict_run(const OpenedRun& run, const RunData& data, std::optional<int> steps,
                        const AdaptedModels* models) {
  Predictions predictions;
  TaskReport report =
      predict_with(run, data, request_of(run, steps, models), steps,
                   [&](const auto& predictor) { predictions = predictions_in_memory(predictor); });
  predictions.report = std::move(report);
  return predictions;
}

TaskReport write_predictions_of_run(const OpenedRun& run, const std::filesystem::path& file,
                                    const RunData& data, std::optional<int> steps) {
  require_not_read(file, {path_in(data), run.model.file.string(), run.options.config.string()});
  return predict_with(run, data, request_of(run, steps, nullptr), steps,
                      [&](const auto& predictor) { write_prediction_file(file, predictor); });
}

}  // namespace shoal
