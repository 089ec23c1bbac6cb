// SPDX-License-Identifier: Apache-2.0
#include <shoal/trainer.hpp>

#include <cmath>
#include <string>
#include <utility>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "core/name_table.hpp"
#include "core/training_step.hpp"

namespace shoal {
namespace {

constexpr std::pair<Keep, std::string_view> keep_names[] = {{Keep::best, "best"}, {Keep::last, "last"}};

void check(const TrainOptions& options) {
  if (options.iterations < 0) throw InvalidArgument("train: iterations must be at least 0");
  if (options.tasks_per_batch < 1) throw InvalidArgument("train: tasks_per_batch must be at least 1");
  if (options.checkpoint_every < 0)
    throw InvalidArgument("train: checkpoint_every must be at least 0 (0 = at the end)");
  if (options.log_every < 1) throw InvalidArgument("train: log_every must be at least 1");
  if (options.validate_every < 0)
    throw InvalidArgument("train: validate_every must be at least 0 (0 = never)");
  if (options.patience < 0) throw InvalidArgument("train: patience must be at least 0 (0 = off)");
  if (options.patience > 0 && options.validate_every == 0)
    throw InvalidArgument("train: patience counts validations: set validate_every too");
}

template <class Real>
class Training {
 public:
  Training(BasicMetaLearner<Real>& learner, const TaskSource& source, const TrainOptions& options,
           RunStore<Real>* store)
      : learner_(learner), source_(source), options_(options), store_(store) {}

  void resume() {
    auto checkpoint = store_->load();
    if (!checkpoint) return;
    require_resumable(*checkpoint, options_);
    learner_.set_parameters(std::move(checkpoint->parameters));
    learner_.set_optimizer_state(std::move(checkpoint->optimizer));
    summary_.iteration = saved_ = checkpoint->iteration;
    summary_.tasks_seen = checkpoint->tasks_seen;
    summary_.tasks_failed = checkpoint->tasks_failed;
    selection_ = std::move(checkpoint->selection);
    store_->thin(options_.log_every, finished() ? summary_.iteration : 0);
  }

  TrainSummary run() {
    if (options_.validate_every > 0) validation_.emplace(validation_tasks<Real>(source_));
    if (saved_ < 0) save();  // so that a run that is killed early can be resumed
    while (!finished()) {
      step();
      if (asked_to_stop() && !finished()) {
        summary_.outcome = TrainOutcome::stopped;
        break;
      }
    }
    if (saved_ != summary_.iteration) save();
    if (summary_.outcome == TrainOutcome::finished) select();
    return summary_;
  }

 private:
  bool finished() const {
    return summary_.iteration >= options_.iterations ||
           (options_.patience > 0 && selection_.waited(options_.validate_every) >= options_.patience);
  }

  void step() {
    const std::int64_t iteration = summary_.iteration + 1;
    const bool on_grid = iteration % options_.log_every == 0,
               validates = options_.validate_every > 0 && iteration % options_.validate_every == 0,
               may_end = iteration == options_.iterations || (validates && options_.patience > 0);
    TrainMetrics metrics =
        TrainingStep<Real>::run(learner_, source_, summary_.iteration, options_.tasks_per_batch,
                                on_grid || may_end ? QueryLossBefore::measure : QueryLossBefore::skip);
    for (FailedTask& task : metrics.failures) task.key = source_.key_of(task.id);
    summary_.iteration = iteration;
    summary_.tasks_seen += metrics.good + metrics.failed;
    summary_.tasks_failed += metrics.failed;
    if (validates)
      selection_.add(validate(learner_, *validation_, source_.target_units(), iteration),
                     learner_.parameters(), options_.validate_every);
    if (store_ && (on_grid || finished())) store_->append(metrics);
    if (store_ && validates) store_->append(*selection_.latest);
    if (options_.checkpoint_every > 0 && iteration % options_.checkpoint_every == 0) save();
    calling_out([&] {
      if (validates && options_.validation_observer) options_.validation_observer(*selection_.latest);
      if (options_.observer) options_.observer(metrics);
    });
  }

  bool asked_to_stop() {
    bool stop = false;
    calling_out([&] { stop = options_.stop && options_.stop(); });
    return stop;
  }

  /// Calls functions of the caller between two iterations. When one throws, the iteration counts: its
  /// checkpoint is saved, and the exception passes through.
  template <class Call>
  void calling_out(Call call) {
    try {
      call();
    } catch (...) {
      if (saved_ != summary_.iteration) save_if_possible();
      throw;
    }
  }

  /// If the store fails now, it still has its last checkpoint, from which training resumes with the same
  /// bits. The caller's exception is more informative than the store's.
  void save_if_possible() noexcept {
    try {
      save();
    } catch (...) {
    }
  }

  void save() {
    saved_ = summary_.iteration;
    if (store_)
      store_->save({summary_.iteration, summary_.tasks_seen, summary_.tasks_failed, learner_.parameters(),
                    learner_.optimizer_state(), selection_});
  }

  void select() {
    const auto& [latest, best, parameters, wait] = selection_;
    summary_.selected_iteration = summary_.iteration;
    if (options_.keep == Keep::best && best) {
      summary_.selected_iteration = best->iteration;
      summary_.validation_loss = best->loss;
      if (best->iteration != summary_.iteration) learner_.set_parameters(parameters);
    } else if (latest && latest->iteration == summary_.iteration && std::isfinite(latest->loss)) {
      summary_.validation_loss = latest->loss;
    }
  }

  BasicMetaLearner<Real>& learner_;
  const TaskSource& source_;
  const TrainOptions& options_;
  RunStore<Real>* store_;
  TrainSummary summary_;
  ModelSelection<Real> selection_;
  std::optional<BasicTaskBatch<Real>> validation_;  ///< present when the training validates
  std::int64_t saved_ = -1;                         ///< iteration of the newest checkpoint; -1 = none
};

}  // namespace

std::string_view to_string(Keep keep) {
  return name_in<Keep>(keep_names, keep);
}
Keep keep_from_string(std::string_view name) {
  return value_in<Keep>(keep_names, "choice", name);
}

template <class Real>
void require_resumable(const Checkpoint<Real>& checkpoint, const TrainOptions& options) {
  const std::string done = std::to_string(checkpoint.iteration);
  if (checkpoint.iteration > options.iterations)
    throw ModelError("train: the run has done " + done + " iterations, more than the " +
                     std::to_string(options.iterations) +
                     " asked for; a shorter run is begun in another folder");
  if (options.patience > 0 && checkpoint.selection.longest_wait >= options.patience)
    throw ModelError("train: with patience = " + std::to_string(options.patience) +
                     " the run would have ended before iteration " + done +
                     ", which it has done; such a run is begun in another folder");
}

template <class Real>
TrainSummary train(BasicMetaLearner<Real>& learner, const TaskSource& source, const TrainOptions& options,
                   RunStore<Real>* store, StartFrom start) {
  const FloatEnvironment environment;  // sampling must have it too
  check(options);
  Training<Real> training(learner, source, options, store);
  if (start == StartFrom::checkpoint && store) training.resume();
  return training.run();
}

template void require_resumable(const Checkpoint<float>&, const TrainOptions&);
template void require_resumable(const Checkpoint<double>&, const TrainOptions&);
template TrainSummary train(MetaLearner&, const TaskSource&, const TrainOptions&, RunStore<float>*,
                            StartFrom);
template TrainSummary train(MetaLearner64&, const TaskSource&, const TrainOptions&, RunStore<double>*,
                            StartFrom);

}  // namespace shoal
