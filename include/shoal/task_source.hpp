// SPDX-License-Identifier: Apache-2.0
// TaskSource: where tasks come from. Sampling is counter-based: the result of a call depends only on its
// arguments and the seed, and not on earlier calls.
//
// Example:
//
//   const auto source = shoal::make_sinusoid({.seed = 7, .support = 10, .query = 10});
//   const shoal::TaskBatch batch = source->sample(shoal::Phase::train, 0, 25);  // the first meta-batch
//   const shoal::TaskBatch test = source->evaluation(shoal::Phase::test, 1000);  // tasks to evaluate on
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/target_units.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// Which tasks: those of meta-training, meta-validation or meta-test, or those of keys that were held out
/// (TableOptions::hold_out). No task is in two phases.
enum class Phase { train, validation, test, held_out };
const char* to_string(Phase phase);  ///< train, validation, test, held-out

/// What a meta-batch of a finite source is drawn from. tasks: every task of an epoch once, in random order.
/// rows: a task's probability is proportional to its rows, support and query together.
enum class Sampling { tasks, rows };
std::string_view to_string(Sampling sampling);
Sampling sampling_from_string(std::string_view name);

class TaskSource {
 public:
  virtual ~TaskSource() = default;

  virtual TaskColumns columns() const = 0;
  /// Largest label + 1 over the source when targets are labels, else 0.
  virtual int classes() const { return 0; }
  /// Throws DataError when a label is not below `model_classes`.
  virtual void require_labels_below(int model_classes) const;
  /// How this source scaled the targets and output offsets of the batches below.
  virtual const TargetUnits& target_units() const;
  /// Number of tasks of a finite source in this phase; nothing for a generator.
  virtual std::optional<std::int64_t> size(Phase phase) const = 0;
  /// Ids of a finite source's tasks in this phase, ascending; empty for a generator.
  virtual std::vector<std::int64_t> ids(Phase) const { return {}; }
  /// The name of a task, e.g. the text of its key columns; empty where tasks have only ids. Throws
  /// InvalidArgument when a source with names has no such task.
  virtual std::string key_of(std::int64_t) const { return ""; }
  /// Meta-batch number `iteration` >= 0, with `tasks` tasks. A generator gives the tasks the ids iteration x
  /// tasks + index in the batch. A finite source shuffles its tasks in every epoch, in an order that depends
  /// on the seed; no task is twice in a batch, and a batch has at most size(phase) tasks. With Sampling::rows
  /// all rows of the phase stand in a line, in order of task id; the line is cut into `tasks` equal parts,
  /// and a random row of each part names the task. Such a batch has `tasks` tasks, and may have one more than
  /// once.
  virtual TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const = 0;
  /// The tasks to evaluate on: all tasks of a finite source in order of id, or the first `tasks` of a
  /// generator.
  virtual TaskBatch evaluation(Phase phase, std::int64_t tasks) const = 0;

  /// The same batches in double, for the reference backend. By default, converts the batches in float.
  virtual TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
    return widen(sample(phase, iteration, tasks));
  }
  virtual TaskBatch64 evaluation64(Phase phase, std::int64_t tasks) const {
    return widen(evaluation(phase, tasks));
  }
};

/// Options of the generators. Values out of range are InvalidArgument.
struct GeneratorOptions {
  std::uint64_t seed = 7;
  int support = 10;    ///< support rows per task, >= 0
  int query = 10;      ///< query rows per task, >= 1
  double noise = 0.0;  ///< standard deviation of normal noise on every target, >= 0
  /// Number of evenly spaced query points in an evaluation, >= 2; 0 = random points, `query` of them.
  int query_grid = 0;
};

/// y = A sin(x - phase), A ~ U[0.1, 5], phase ~ U[0, pi], x ~ U[-5, 5] (Finn et al. 2017, the released code).
std::unique_ptr<TaskSource> make_sinusoid(const GeneratorOptions& options);
/// y = x sin x, x ~ N(0, 1) (law = "normal") or U(low, high) (law = "uniform"): every task is the same
/// function.
std::unique_ptr<TaskSource> make_xsinx(const GeneratorOptions& options, const std::string& law = "normal",
                                       double low = -5.0, double high = 5.0);
/// y = x sin x with x ~ U(c - 1/2, c + 1/2), window centre c ~ U(-5, 5).
std::unique_ptr<TaskSource> make_xsinx_window(const GeneratorOptions& options);

/// Daily returns of assets whose volatility changes regime (docs/definitions.md). A task is one asset over
/// `support` days and the `query` days after them, with the columns of volatility_columns (volatility.hpp):
/// nine inputs, the squared return as target, ln_ewma_variance as output offset. Assets come in panels of 20,
/// which make up a market. Knows neither noise nor a query grid (InvalidArgument).
std::unique_ptr<TaskSource> make_market_regimes(const GeneratorOptions& options);

/// How credit segments differ from each other.
struct SegmentSpread {
  double tau = 1.0;  ///< deviation of the slopes, in multiples of a fixed pattern: the heterogeneity dial
  double level_sd = 0.7;  ///< deviation of the level of the log-odds
  bool operator==(const SegmentSpread&) const = default;
};
/// Loan applicants of segments (docs/definitions.md). A task is one segment: twelve inputs, the target 1 for
/// a default. Knows neither noise nor a query grid (InvalidArgument).
std::unique_ptr<TaskSource> make_credit_segments(const GeneratorOptions& options,
                                                 const SegmentSpread& spread = {});

}  // namespace shoal
