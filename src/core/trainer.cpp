// SPDX-License-Identifier: Apache-2.0
#include <shoal/trainer.hpp>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "core/training_step.hpp"

namespace shoal {
namespace {

void validate(const TrainOptions& options) {
  if (options.iterations < 0) throw InvalidArgument("train: iterations must be at least 0");
  if (options.tasks_per_batch < 1) throw InvalidArgument("train: tasks_per_batch must be at least 1");
  if (options.checkpoint_every < 0)
    throw InvalidArgument("train: checkpoint_every must be at least 0 (0 = at the end)");
  if (options.log_every < 1) throw InvalidArgument("train: log_every must be at least 1");
}

}  // namespace

template <class Real>
TrainSummary train(BasicMetaLearner<Real>& learner, const TaskSource& source, const TrainOptions& options,
                   RunStore<Real>* store, StartFrom start) {
  const FloatEnvironment environment;  // for the source too
  validate(options);
  TrainSummary summary;
  bool resumed = false;
  if (start == StartFrom::checkpoint && store) {
    if (auto checkpoint = store->load()) {
      learner.set_parameters(std::move(checkpoint->parameters));
      learner.set_optimizer_state(std::move(checkpoint->optimizer));
      summary.iteration = checkpoint->iteration;
      summary.tasks_seen = checkpoint->tasks_seen;
      summary.tasks_failed = checkpoint->tasks_failed;
      resumed = true;
    }
  }
  const auto save = [&] {
    if (store)
      store->save({summary.iteration, summary.tasks_seen, summary.tasks_failed, learner.parameters(),
                   learner.optimizer_state()});
  };
  if (!resumed) save();  // a run that is killed early can be resumed too
  std::int64_t saved = summary.iteration;
  while (summary.iteration < options.iterations) {
    const std::int64_t iteration = summary.iteration + 1;
    const bool logged = iteration % options.log_every == 0 || iteration == options.iterations;
    TrainMetrics metrics =
        TrainingStep<Real>::take(learner, source, summary.iteration, options.tasks_per_batch,
                                 logged ? QueryLossBefore::measure : QueryLossBefore::skip);
    for (FailedTask& task : metrics.failures) task.key = source.key_of(task.id);
    summary.iteration = iteration;
    summary.tasks_seen += metrics.good + metrics.failed;
    summary.tasks_failed += metrics.failed;
    if (store && logged) store->append(metrics);
    if (options.checkpoint_every > 0 && iteration % options.checkpoint_every == 0) {
      save();
      saved = iteration;
    }
    if (options.observer) options.observer(metrics);
    if (options.stop && options.stop() && iteration < options.iterations) {
      summary.outcome = TrainOutcome::stopped;
      break;
    }
  }
  if (saved != summary.iteration) save();
  return summary;
}

template TrainSummary train(MetaLearner&, const TaskSource&, const TrainOptions&, RunStore<float>*,
                            StartFrom);
template TrainSummary train(MetaLearner64&, const TaskSource&, const TrainOptions&, RunStore<double>*,
                            StartFrom);

}  // namespace shoal
