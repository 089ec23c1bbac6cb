// SPDX-License-Identifier: Apache-2.0
// RunConfig: one run, as the TOML file of docs/configuration.md describes it. Plain data with the documented
// defaults.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/algorithm.hpp>
#include <shoal/context.hpp>
#include <shoal/loss.hpp>
#include <shoal/model.hpp>
#include <shoal/optimizer.hpp>
#include <shoal/table_source.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// Where tasks come from: three generators, a table, or a task file.
enum class TaskSourceKind { sinusoid, xsinx, xsinx_window, table, file };
std::string_view to_string(TaskSourceKind kind);
/// Throws InvalidArgument with the list of known names.
TaskSourceKind task_source_from_string(std::string_view name);
constexpr bool is_generated(TaskSourceKind kind) {
  return kind != TaskSourceKind::table && kind != TaskSourceKind::file;
}

struct TasksConfig {
  TaskSourceKind source = TaskSourceKind::sinusoid;
  int support = 10, query = 10;
  double noise = 0.0;             ///< generators
  std::string law = "normal";     ///< xsinx: normal | uniform
  double low = -5.0, high = 5.0;  ///< xsinx, law = uniform
  TableOptions table;             ///< source = table; the path also serves source = file
  bool operator==(const TasksConfig&) const = default;
};

struct ModelConfig {
  std::vector<int> hidden = {40, 40};
  Activation activation = Activation::relu;
  bool skip = false;
  Initialization init;
  int outputs = 0;  ///< classes of softmax; 0 = from parameters or data
};

struct TrainConfig {
  std::int64_t iterations = 1000;
  std::int64_t tasks_per_batch = 25;
  std::int64_t chunk = 0;  ///< most tasks per backend call; 0 = all
  Optimizer optimizer;
  std::int64_t checkpoint_every = 0;  ///< 0 = only at the end
  std::int64_t log_every = 0;         ///< 0 = at least a hundred lines in a run
  /// Iterations between validations, 0 = never; unset: 20 for tables that have such tasks.
  std::optional<std::int64_t> validate_every;
  Keep keep = Keep::best;
  std::int64_t patience = 0;  ///< validations in a row without improvement that end the training; 0 = off
  std::string warm_start;     ///< RUN folder or parameters file to start from (e.g. a pooled run)
};

struct EvaluateConfig {
  std::int64_t tasks = 1000;  ///< generators; finite sources are evaluated whole
  std::vector<int> steps = {0, 1, 5, 10};
  int query_grid = 0;              ///< generators: this many evenly spaced query points
  double max_failed_share = 0.01;  ///< exit 5 above it
  bool select_steps = false;       ///< validation chooses among `steps` what adapt and predict take
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
  TrainConfig train;
  EvaluateConfig evaluate;
};

/// Where a configuration runs, over what it does not say (device, stream, ...).
inline ContextOptions context_options(const RunConfig& config, ContextOptions rest = {}) {
  rest.backend = config.backend;
  rest.threads = config.threads;
  rest.isa = config.isa;
  rest.math = config.math;
  return rest;
}
/// What a loss makes of a table's target columns.
TargetType targets_of(const Loss& loss);
/// Throws InvalidArgument when rows are to be stratified by classes that the loss does not have.
void require_classes_to_stratify(const TableOptions& options, const Loss& loss);
/// The source that a configuration names. Throws DataError or InvalidArgument.
std::unique_ptr<TaskSource> make_task_source(const RunConfig& config);
/// The model for these columns: inputs and outputs come from data, loss and, if given,
/// `config.model.outputs`. Throws DataError when the targets do not fit, InvalidArgument for `outputs`.
ModelSpec model_for(const RunConfig& config, const TaskSource& source);

}  // namespace shoal
