// SPDX-License-Identifier: Apache-2.0
// The training loop: meta-steps over a source, validation, metrics, checkpoints, resume. Writes nothing
// itself: a RunStore does.
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

/// What one meta-iteration reports, losses in the user's units (TaskSource::target_units).
struct TrainMetrics {
  std::int64_t iteration = 0;      ///< 1-based: updates done
  double query_loss_before = 0.0;  ///< mean over good tasks, at theta; NaN in iterations that are not logged
  double query_loss = 0.0;         ///< after K steps
  std::int64_t good = 0, failed = 0;
  std::vector<FailedTask> failures;
};

/// A point from which training goes on bit for bit.
template <class Real>
struct Checkpoint {
  std::int64_t iteration = 0;
  std::int64_t tasks_seen = 0, tasks_failed = 0;
  MetaParameters<Real> parameters;
  OptimizerState<Real> optimizer;
  ModelSelection<Real> selection;
};

/// Where checkpoints and metrics go; src/io implements it on a run folder.
template <class Real>
class RunStore {
 public:
  virtual ~RunStore() = default;
  virtual void append(const TrainMetrics& metrics) = 0;
  virtual void append(const Validation& validation) = 0;
  virtual void save(const Checkpoint<Real>& checkpoint) = 0;
  /// The newest checkpoint that is whole, or nothing where no run has begun. Metrics after it are dropped
  /// from the log.
  virtual std::optional<Checkpoint<Real>> load() = 0;
  /// Drops metrics of iterations that are neither multiples of `log_every` nor `last` (0 = none), so that
  /// the log of a run that goes on is that of a run which began with these options. Validations stay.
  virtual void thin(std::int64_t log_every, std::int64_t last) = 0;
};

/// Which parameters a finished training leaves in the learner.
enum class Keep { best, last };  ///< best: by validation, where there was one; else the last
std::string_view to_string(Keep keep);
Keep keep_from_string(std::string_view name);

struct TrainOptions {
  std::int64_t iterations = 1000;
  std::int64_t tasks_per_batch = 25;
  std::int64_t checkpoint_every = 0;
  std::int64_t log_every = 1;  ///< metrics are appended every so many iterations and at the last
  /// The validation tasks are looked at after every multiple of so many iterations; 0 = never.
  std::int64_t validate_every = 0;
  Keep keep = Keep::best;
  std::int64_t patience = 0;  ///< training ends after so many validations in a row without gain; 0 = off
  /// The three below may throw; `train` says what becomes of the run then.
  std::function<void(const TrainMetrics&)> observer = {};           ///< called every iteration
  std::function<void(const Validation&)> validation_observer = {};  ///< called before it, where there is one
  std::function<bool()> stop = {};  ///< asked after every iteration; true = checkpoint and return
};

enum class TrainOutcome { finished, stopped };

struct TrainSummary {
  TrainOutcome outcome = TrainOutcome::finished;
  std::int64_t iteration = 0;  ///< updates done; fewer than asked for when patience ended the training
  std::int64_t tasks_seen = 0, tasks_failed = 0;
  /// Of a finished training: the iteration whose parameters the learner now has, and their validation loss
  /// where that is known.
  std::int64_t selected_iteration = 0;
  std::optional<double> validation_loss;
};

enum class StartFrom { beginning, checkpoint };

/// Throws ModelError when a run that began with `options` would never have been at `checkpoint`: it has done
/// more iterations than they ask for, or their patience would have ended it before.
template <class Real>
void require_resumable(const Checkpoint<Real>& checkpoint, const TrainOptions& options);

/// Runs meta-iterations until options.iterations are done or patience ends; a run that begins saves a
/// checkpoint first. A run that goes on from a checkpoint with more iterations is the run that began with
/// them, bit for bit, where the optimizer's schedule does not depend on their number. When it has finished
/// the learner has the selected parameters; checkpoints hold the last ones. `store` may be null.
///
/// An exception of the options' observers or of `stop` comes out of `train` as it was thrown. The iteration
/// that they were called after counts: the learner has its parameters and optimizer state, its metrics are in
/// the store, and so is a checkpoint (unless the store fails too: then the newest that it has is an earlier
/// one). StartFrom::checkpoint goes on behind it, bit for bit the run that was never interrupted; observers
/// are not called for that iteration again. After any other exception (of the source, the store, the
/// backend) the learner has the state of some whole number of iterations, and the store's newest checkpoint
/// is one to go on from.
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
