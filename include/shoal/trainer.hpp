// SPDX-License-Identifier: Apache-2.0
// The training loop: meta-steps over a source, metrics, checkpoints, resume. Writes nothing itself: a
// RunStore does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// What one meta-iteration reports.
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
};

/// Where checkpoints and metrics go; src/io implements it on a run folder.
template <class Real>
class RunStore {
 public:
  virtual ~RunStore() = default;
  virtual void append(const TrainMetrics& metrics) = 0;
  virtual void save(const Checkpoint<Real>& checkpoint) = 0;
  /// The newest checkpoint that is whole, or nothing where no run has begun. Metrics after it are dropped
  /// from the log.
  virtual std::optional<Checkpoint<Real>> load() = 0;
};

struct TrainOptions {
  std::int64_t iterations = 1000;
  std::int64_t tasks_per_batch = 25;
  std::int64_t checkpoint_every = 0;
  std::int64_t log_every = 1;  ///< metrics are appended every so many iterations and at the last
  std::function<void(const TrainMetrics&)> observer;  ///< called every iteration
  std::function<bool()> stop;  ///< asked after every iteration; true = checkpoint and return
};

enum class TrainOutcome { finished, stopped };

struct TrainSummary {
  TrainOutcome outcome = TrainOutcome::finished;
  std::int64_t iteration = 0;
  std::int64_t tasks_seen = 0, tasks_failed = 0;
};

enum class StartFrom { beginning, checkpoint };

/// Runs meta-iterations until options.iterations are done; a run that begins saves a checkpoint first.
/// `store` may be null.
template <class Real>
TrainSummary train(BasicMetaLearner<Real>& learner, const TaskSource& source, const TrainOptions& options,
                   RunStore<Real>* store = nullptr, StartFrom start = StartFrom::beginning);

extern template TrainSummary train(MetaLearner&, const TaskSource&, const TrainOptions&, RunStore<float>*,
                                   StartFrom);
extern template TrainSummary train(MetaLearner64&, const TaskSource&, const TrainOptions&, RunStore<double>*,
                                   StartFrom);

}  // namespace shoal
