// SPDX-License-Identifier: Apache-2.0
#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "run/adapted_file.hpp"
#include "run/gated_learner.hpp"
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
    const TensorFile content = model.content();
    const auto bias =
        content.tensors.find("fast.layers." + std::to_string(config.model.hidden.size()) + ".bias");
    if (bias == content.tensors.end() || bias->second.shape.size() != 2)
      throw ModelError(model.file.string() + ": the last layer is missing");
    config.model.outputs = static_cast<int>(bias->second.shape[1]);
  }
  return model_for(config, source);
}

/// The models to predict with: the trained model after `steps` steps, or models that have been adapted
/// already.
struct Request {
  int steps = 0;
  bool adapted = false;
  const AdaptedModels* models = nullptr;  ///< adapted models in memory; null = those of the file
  WithoutModel without_model = WithoutModel::refused;

  bool adapts() const { return !adapted && steps > 0; }
};

Request request_of(const OpenedRun& run, std::optional<int> asked, const AdaptedModels* models) {
  if (models) return {models->steps, true, models};
  if (!run.is_adapted()) return {adaptation_steps(asked, run.model)};
  if (asked)
    throw InvalidArgument("predict: --steps does not go with adapted models, they have been adapted already");
  return {steps_of_adapted(run.model.metadata, run.model.file.string()), true};
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
    const GatedLearner<Real> gated(learner, run_.model.gate);
    predict(learner, put, [&](const auto& batch) { return gated.adapt(batch, request_.steps); });
  }

  /// Checks the stored models against the layout before it makes a learner of that size. The learner predicts
  /// with the fast weights, so its own parameters may be zero.
  template <class Put>
  void with_adapted(Put put) {
    const TrainedModel& model = run_.model;
    const ModelSpec shape = naming_file(data_, [&] {
      return run_.is_adapted() ? adapted_shape(model, *data_.source) : model_of_file(model, *data_.source);
    });
    require_layout(model.file, shape);
    std::optional<StoredModels<Real>> models;
    const BasicMetaLearner<Real> learner(
        run_.context(), learner_options<Real>(model.config, shape, *data_.source),
        [&](const ParameterLayout& layout, const RateLayout& rates) {
          if (request_.models)
            models.emplace(*request_.models, layout);
          else
            models.emplace(model.content(), model.file.string(), layout);
          if (request_.without_model == WithoutModel::trained)
            models->set_default(parameters_of<Real>(model, layout, rates).theta);
          else
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

/// The newest rows are those of a table, and to adapt on them takes a model that can.
void require_latest(const RunData& data, const Request& request, const TrainedModel& model) {
  if (request.adapted)
    throw InvalidArgument(
        "predict: --latest adapts on the newest rows, and these models have been adapted already");
  const bool table = is_given(data) ? !holds_tasks(data) : model.config.tasks.source == TaskSourceKind::table;
  if (!table) throw InvalidArgument("predict: --latest needs a table: it looks for the newest rows of a key");
}

template <class Put>
TaskReport predict_with(const OpenedRun& run, const RunData& data, const Request& request,
                        std::optional<int> asked, Ask ask, Put put) {
  const bool latest = ask == Ask::latest;
  if (latest) require_latest(data, request, run.model);
  const std::vector<int> steps = asked ? std::vector<int>{*asked} : std::vector<int>{};
  check_overrides(run.options, run.model,
                  {.use = RunUse::predict, .data = data, .steps = steps, .adapted = request.adapted});
  OpenedData opened =
      open_data(data, run.model, request.adapts() ? TargetsNeeded::in_support : TargetsNeeded::nowhere,
                latest ? Phases::latest : Phases::all_test, Phase::test, run.options.notify);
  tell_left_out(opened, run.options.notify);
  return in_precision(run.context(),
                      [&]<class Real>(Real) { return Prediction<Real>(run, opened, request).run(put); });
}

}  // namespace

Predictions predict_run(const OpenedRun& run, const RunData& data, std::optional<int> steps,
                        const AdaptedModels* models, Ask ask, WithoutModel without_model) {
  Predictions predictions;
  Request request = request_of(run, steps, models);
  request.without_model = without_model;
  TaskReport report = predict_with(run, data, request, steps, ask, [&](const auto& predictor) {
    predictions = predictions_in_memory(predictor);
  });
  predictions.report = std::move(report);
  return predictions;
}

TaskReport write_predictions_of_run(const OpenedRun& run, const std::filesystem::path& file,
                                    const RunData& data, std::optional<int> steps, Ask ask) {
  require_not_read(file, {path_in(data), run.model.file.string(), run.options.config.string()});
  return predict_with(run, data, request_of(run, steps, nullptr), steps, ask,
                      [&](const auto& predictor) { write_prediction_file(file, predictor); });
}

}  // namespace shoal
