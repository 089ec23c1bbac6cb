// SPDX-License-Identifier: Apache-2.0
// RunConfig: the configuration of a run as plain data. The members are the keys of docs/configuration.md,
// with the defaults that stand there.
//
// Example:
//
//   shoal::RunConfig config;
//   config.tasks.source = shoal::TaskSourceKind::xsinx;
//   config.train.iterations = 500;
//   const shoal::TrainReport report = shoal::train_run(config, "runs/xsinx");
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/algorithm.hpp>
#include <shoal/backtest_config.hpp>
#include <shoal/cluster.hpp>
#include <shoal/context.hpp>
#include <shoal/gate.hpp>
#include <shoal/loss.hpp>
#include <shoal/model.hpp>
#include <shoal/optimizer.hpp>
#include <shoal/table_source.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// Where tasks come from: one of five generators, a table, or a task file.
enum class TaskSourceKind { sinusoid, xsinx, xsinx_window, market_regimes, credit_segments, table, file };
std::string_view to_string(TaskSourceKind kind);
/// Throws InvalidArgument with the list of known names.
TaskSourceKind task_source_from_string(std::string_view name);
constexpr bool is_generated(TaskSourceKind kind) {
  return kind != TaskSourceKind::table && kind != TaskSourceKind::file;
}

struct TasksConfig {
  TaskSourceKind source = TaskSourceKind::sinusoid;
  int support = 10, query = 10;   ///< rows per task; of tables, query is at most so many, 0 = all
  double noise = 0.0;             ///< generators: standard deviation of normal noise on the targets
  std::string law = "normal";     ///< xsinx: distribution of x, "normal" or "uniform"
  double low = -5.0, high = 5.0;  ///< xsinx with law = "uniform": range of x
  SegmentSpread spread;           ///< credit-segments: how segments differ
  TableOptions table;             ///< for tables; its path is also that of a task file
  bool operator==(const TasksConfig&) const = default;
};

struct ModelConfig {
  std::vector<int> hidden = {40, 40};
  Activation activation = Activation::relu;
  bool skip = false;
  Initialization init;
  int outputs = 0;  ///< number of classes of softmax; 0 = as the parameters or the data say
};

struct TrainConfig {
  std::int64_t iterations = 1000;
  std::int64_t tasks_per_batch = 25;
  std::int64_t chunk = 0;  ///< largest number of tasks per backend call; 0 = all
  Optimizer optimizer;
  Sampling sampling = Sampling::tasks;  ///< for tables and task files; generated tasks all have equal rows
  std::int64_t checkpoint_every = 0;    ///< iterations between checkpoints; 0 = only at the end
  /// iterations per line of the log; 0 = as many as give a run at least a hundred lines
  std::int64_t log_every = 0;
  /// Iterations between validations; 0 = never. Without a value: 20 for tables that have validation tasks,
  /// else never.
  std::optional<std::int64_t> validate_every;
  Keep keep = Keep::best;
  std::int64_t patience = 0;  ///< validations in a row without improvement that end the training; 0 = off
  /// run folder or parameters file with the initial parameters (e.g. of a pooled run)
  std::string warm_start;
};

struct EvaluateConfig {
  std::int64_t tasks = 1000;  ///< number of generated tasks; of finite sources, every task is evaluated
  std::vector<int> steps = {0, 1, 5, 10};
  int query_grid = 0;  ///< generators: number of evenly spaced query points; 0 = random points
  /// a larger share of failed tasks is an error (exit code 5)
  double max_failed_share = 0.01;
  Cluster cluster = Cluster::automatic;  ///< what the interval of a mean loss takes as independent
  int lag = 21;               ///< by time: the lag of Newey and West, at most a quarter of the times
  bool select_steps = false;  ///< let validation choose among `steps` the number that adapt and predict use
};

struct RiskConfig {
  std::string return_column;  ///< risk.return: column of returns, of which garch and gjr are fitted
  std::vector<double> levels = {0.01, 0.025, 0.05};  ///< of value at risk, each in (0, 0.5)
  int residuals = 1000;  ///< of a key, that filtered historical simulation looks back on
};

/// What `shoal explain` divides an output into.
struct ExplainConfig {
  /// Name of a group -> its columns: names of tasks.features or of the model's inputs. Empty: a group for
  /// each feature.
  std::map<std::string, std::vector<std::string>> groups;
  std::string reasons;  ///< CSV with columns group and text: how reasons are worded; empty: the groups' names
  std::string class_name;  ///< explain.class, for softmax: whose output is explained
};

struct RunConfig {
  std::uint64_t seed = 7;
  BackendKind backend = BackendKind::automatic;
  int threads = 0;
  Isa isa = Isa::automatic;
  Math math = Math::exact;
  TasksConfig tasks;
  ModelConfig model;
  Loss loss;
  Algorithm algorithm = Maml{};
  Gate gate = Gate::off;  ///< algorithm.gate
  TrainConfig train;
  EvaluateConfig evaluate;
  RiskConfig risk;
  BacktestConfig backtest;
  ExplainConfig explain;
};

/// The context options of a configuration. `rest` has what a configuration does not say (device, stream,
/// ...).
inline ContextOptions context_options(const RunConfig& config, ContextOptions rest = {}) {
  rest.backend = config.backend;
  rest.threads = config.threads;
  rest.isa = config.isa;
  rest.math = config.math;
  return rest;
}
/// How a table's target columns are read for a loss.
TargetType targets_of(const Loss& loss);
/// Throws InvalidArgument when support rows shall be stratified by class and the loss has no classes.
void require_classes_to_stratify(const TableOptions& options, const Loss& loss);
/// Opens the source that a configuration names. Throws DataError, InvalidArgument or ResourceError.
std::unique_ptr<TaskSource> make_task_source(const RunConfig& config);
/// The model for the columns of `source`: data, loss and, where it is set, `config.model.outputs` give its
/// inputs and outputs. Throws DataError when the targets do not fit the loss, and InvalidArgument when
/// `outputs` does not.
ModelSpec model_for(const RunConfig& config, const TaskSource& source);

}  // namespace shoal
