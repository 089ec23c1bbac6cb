// SPDX-License-Identifier: Apache-2.0
// The training loop: meta-steps over a source, validation, metrics, checkpoints, resume. The loop itself
// writes no file; a RunStore does.
//
// Example:
//
//   #include <cstdio>
//
//   shoal::TrainOptions options = {.iterations = 2000, .tasks_per_batch = 25, .log_every = 100};
//   options.observer = [](const shoal::TrainMetrics& metrics) {
//     if (metrics.iteration % 100 == 0) std::printf("%.4f\n", metrics.query_loss);
//   };
//   const shoal::TrainSummary summary = shoal::train(learner, source, options);
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/model_selection.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// The report of one meta-iteration. Losses are in the user's units (TaskSource::target_units).
struct TrainMetrics {
  std::int64_t iteration = 0;      ///< number of updates done, from 1
  double query_loss_before = 0.0;  ///< mean over good tasks, at theta; NaN in iterations that are not logged
  double query_loss = 0.0;         ///< after K steps
  std::int64_t good = 0, failed = 0;
  std::vector<FailedTask> failures;
};

/// A state from which training continues bit for bit.
template <class Real>
struct Checkpoint {
  std::int64_t iteration = 0;
  std::int64_t tasks_seen = 0, tasks_failed = 0;
  MetaParameters<Real> parameters;
  OptimizerState<Real> optimizer;
  ModelSelection<Real> selection;
};

/// Stores checkpoints and metrics. open_run (run_folder.hpp) implements it on a run folder, MemoryStore in
/// memory.
template <class Real>
class RunStore {
 public:
  virtual ~RunStore() = default;
  virtual void append(const TrainMetrics& metrics) = 0;
  virtual void append(const Validation& validation) = 0;
  virtual void save(const Checkpoint<Real>& checkpoint) = 0;
  /// Loads the newest readable checkpoint; empty when no run has begun. Drops later metrics from the log.
  virtual std::optional<Checkpoint<Real>> load() = 0;
  /// Drops the metrics of iterations that are neither multiples of `log_every` nor `last` (0 = none). So a
  /// resumed run has the log of a run that had these options from the beginning. Validations stay.
  virtual void thin(std::int64_t log_every, std::int64_t last) = 0;
};

/// Which parameters a finished training leaves in the learner.
enum class Keep { best, last };  ///< best: by validation; without validations, the last
std::string_view to_string(Keep keep);
/// Throws InvalidArgument with the list of known names.
Keep keep_from_string(std::string_view name);

/// Values out of range are InvalidArgument.
struct TrainOptions {
  std::int64_t iterations = 1000;     ///< >= 0
  std::int64_t tasks_per_batch = 25;  ///< >= 1
  std::int64_t checkpoint_every = 0;  ///< iterations between checkpoints; 0 = only at the end
  /// iterations between two metrics in the log, >= 1; the last iteration is always logged
  std::int64_t log_every = 1;
  /// Iterations between validations; 0 = never.
  std::int64_t validate_every = 0;
  Keep keep = Keep::best;
  std::int64_t patience = 0;  ///< validations in a row without improvement after which training ends; 0 = off
  /// The following functions may throw; `train` says what then happens.
  std::function<void(const TrainMetrics&)> observer = {};  ///< called every iteration
  /// called before `observer`, when an iteration has a validation
  std::function<void(const Validation&)> validation_observer = {};
  std::function<bool()> stop = {};  ///< asked after every iteration; true = save a checkpoint and return
};

enum class TrainOutcome { finished, stopped };

struct TrainSummary {
  TrainOutcome outcome = TrainOutcome::finished;
  std::int64_t iteration = 0;  ///< updates done; fewer than asked for when patience ended the training
  std::int64_t tasks_seen = 0, tasks_failed = 0;
  /// After a finished training: the iteration whose parameters the learner has, and their validation loss if
  /// it is known.
  std::int64_t selected_iteration = 0;
  std::optional<double> validation_loss;
};

enum class StartFrom { beginning, checkpoint };

/// Throws ModelError when a run with `options` could not have reached `checkpoint`: because it has done more
/// iterations than they allow, or because their patience would have ended the run earlier.
template <class Real>
void require_resumable(const Checkpoint<Real>& checkpoint, const TrainOptions& options);

/// Trains until options.iterations are done or patience ends the training. A run that begins saves a
/// checkpoint first. A run that resumes from a checkpoint with more iterations gives the same bits as a run
/// that had them from the beginning, provided that the optimizer's schedule does not depend on their number.
/// After a finished training the learner has the selected parameters; checkpoints have the last ones. `store`
/// may be null.
///
/// An exception of an observer or of `stop` passes through `train` unchanged. The iteration before the call
/// counts: the learner has its parameters and optimizer state, and the store has its metrics and a checkpoint
/// (if the store fails too, its newest checkpoint is an earlier one). StartFrom::checkpoint continues from
/// there, bit for bit like a run without interruption, and does not call the observers for that iteration
/// again. After any other exception (of the source, the store or the backend) the learner has the state after
/// some whole iteration, and training can resume from the store's newest checkpoint.
template <class Real>
TrainSummary train(BasicMetaLearner<Real>& learner, const TaskSource& source, const TrainOptions& options,
                   RunStore<Real>* store = nullptr, StartFrom start = StartFrom::beginning);

extern template void require_resumable(const Checkpoint<float>&, const TrainOptions&);
extern template void require_resumable(const Checkpoint<double>&, const TrainOptions&);
extern template TrainSummary train(MetaLearner&, const TaskSource&, const TrainOptions&, RunStore<float>*,
                                   StartFrom);
extern template TrainSummary train(MetaLearner64&, const TaskSource&, const TrainOptions&, RunStore<double>*,
                                   StartFrom);

}  // namespace shoal
