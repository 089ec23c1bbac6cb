// SPDX-License-Identifier: Apache-2.0
#include <shoal/trainer.hpp>

#include <algorithm>
#include <type_traits>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"

namespace shoal {
namespace {

template <class Real>
BasicTaskBatch<Real> sample(const TaskSource& source, std::int64_t iteration, std::int64_t tasks) {
  if constexpr (std::is_same_v<Real, double>)
    return source.sample64(Phase::train, iteration, tasks);
  else
    return source.sample(Phase::train, iteration, tasks);
}

template <class Real>
TrainMetrics metrics_of(std::int64_t iteration, const MetaGradient<Real>& gradient,
                        std::span<const std::int64_t> ids) {
  TrainMetrics metrics;
  metrics.iteration = iteration;
  metrics.query_loss_before = static_cast<double>(gradient.mean_query_loss_before);
  metrics.query_loss = static_cast<double>(gradient.mean_query_loss);
  metrics.good = gradient.good;
  for (std::size_t t = 0; t < ids.size(); ++t)
    if (gradient.status[t] != TaskStatus::good)
      metrics.failures.push_back({ids[t], gradient.status[t], gradient.failed_step[t]});
  // In order of id, so that the order of a batch does not show.
  std::sort(metrics.failures.begin(), metrics.failures.end(),
            [](const FailedTask& a, const FailedTask& b) { return a.id < b.id; });
  metrics.failed = static_cast<std::int64_t>(metrics.failures.size());
  return metrics;
}

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
    const BasicTaskBatch<Real> tasks = sample<Real>(source, summary.iteration, options.tasks_per_batch);
    const MetaGradient<Real> gradient = learner.meta_step(tasks);
    const std::int64_t iteration = ++summary.iteration;
    const TrainMetrics metrics = metrics_of(iteration, gradient, tasks.ids());
    summary.tasks_seen += tasks.size();
    summary.tasks_failed += metrics.failed;
    if (store && (iteration % options.log_every == 0 || iteration == options.iterations))
      store->append(metrics);
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
