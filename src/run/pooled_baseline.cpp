// SPDX-License-Identifier: Apache-2.0
#include "run/pooled_baseline.hpp"

#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/target_units.hpp>
#include <shoal/trainer.hpp>

#include "run/learner_options.hpp"
#include "run/model_selection.hpp"
#include "run/precision.hpp"
#include "run/row_sampling.hpp"
#include "run/train_options.hpp"

namespace shoal {

bool is_pooled(std::string_view name) {
  return name == "pooled" || name == "pooled-tuned";
}

RunConfig pooled_config(RunConfig config) {
  config.algorithm = Pooled{inner_loop_of(config.algorithm)};
  config.gate = Gate::off;
  if (!is_generated(config.tasks.source)) config.train.sampling = Sampling::rows;
  config.train.warm_start.clear();
  config.evaluate.select_steps = false;
  return config;
}

class PooledBaseline::Trained {
 public:
  virtual ~Trained() = default;
  virtual std::vector<double> outputs(bool tuned, const TaskBatch64& tasks) = 0;
};

template <class Real>
class PooledBaseline::TrainedIn final : public Trained {
 public:
  TrainedIn(const Context& context, const RunConfig& config, const OpenedData& data)
      : data_(data),
        config_(with_validation(config, data, {})),
        learner_(context, learner_options<Real>(config_, model_for(config_, *data.source), *data.source)) {
    const TrainOptions options = train_options_of(config_);
    if (config_.train.sampling == Sampling::rows)
      train(learner_, RowSampling<Real>(*data.source, config_.seed), options);
    else
      train(learner_, *data.source, options);
  }

  std::vector<double> outputs(bool tuned, const TaskBatch64& tasks) override {
    const int steps = tuned ? tuned_steps() : 0;
    const auto predict = [&](const BasicTaskBatch<Real>& batch) {
      std::vector<Real> predicted =
          learner_.predict(learner_.adapt(batch, steps), batch.query(), batch.columns());
      outputs_to_user_units(config_.loss, data_.source->target_units(), std::span(predicted));
      return std::vector<double>(predicted.begin(), predicted.end());
    };
    if constexpr (std::is_same_v<Real, double>)
      return predict(tasks);
    else
      return predict(narrow(tasks));
  }

 private:
  /// Validation chooses once. None where every validation task fails after any number of steps.
  int tuned_steps() {
    if (steps_) return *steps_;
    const auto size = data_.source->size(Phase::validation);
    if (size && *size == 0)
      throw InvalidArgument(
          "baseline pooled-tuned: validation tasks choose its steps, and tasks.split makes none");
    RunConfig config = config_;
    config.evaluate.select_steps = true;
    steps_ = choose_steps(learner_, data_, config).value_or(0);
    return *steps_;
  }

  const OpenedData& data_;
  const RunConfig config_;
  BasicMetaLearner<Real> learner_;
  std::optional<int> steps_;
};

PooledBaseline::PooledBaseline(const Context& context, const RunConfig& config, const OpenedData& data)
    : trained_(in_precision(context, [&]<class Real>(Real) -> std::unique_ptr<Trained> {
        return std::make_unique<TrainedIn<Real>>(context, config, data);
      })) {}

PooledBaseline::~PooledBaseline() = default;

std::vector<double> PooledBaseline::outputs(std::string_view name, const TaskBatch64& tasks) {
  return trained_->outputs(name == "pooled-tuned", tasks);
}

}  // namespace shoal
