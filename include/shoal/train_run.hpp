// SPDX-License-Identifier: Apache-2.0
// train_run: a whole training, from a configuration to a run folder with a model, a log and checkpoints.
//
// Example:
//
//   const shoal::RunConfig config = shoal::load_config("clients.toml");
//   const shoal::TrainReport report = shoal::train_run(config, "runs/clients");
//   shoal::require_few_failures(report);
//
// A table in memory trains the model of the CSV file that has its cells, bit for bit:
//
//   const std::vector<shoal::TableColumn> columns = {
//       shoal::TableColumn::own_codes("client", {0, 0, 1, 1}, {"a", "b"}),
//       shoal::TableColumn::own_numbers("income", {1.0, 2.0, 3.0, 4.0}),
//       shoal::TableColumn::own_numbers("defaulted", {0.0, 1.0, 0.0, 1.0})};
//   shoal::train_run(config, "runs/clients", {.tables = {.training = columns}});
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <shoal/context.hpp>
#include <shoal/data_report.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/gate.hpp>
#include <shoal/memory_table.hpp>
#include <shoal/model_metrics.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// What a training is about to do.
struct TrainPlan {
  std::int64_t from = 0;        ///< iterations that are done already; above 0 when a run resumes
  std::int64_t iterations = 0;  ///< iterations at the end of the training
  std::int64_t log_every = 0;   ///< iterations per line of metrics.jsonl
};

/// Tables in memory, columns with the names of the configuration, in any order and with others beside them.
struct TrainingTables {
  std::vector<TableColumn> training;    ///< empty: tasks.path says what to read
  std::vector<TableColumn> validation;  ///< its tasks are the validation tasks; empty: tasks.split makes them
};

struct TrainRunOptions {
  /// `checkpoint`: resume from the newest checkpoint of the folder, if there is one.
  StartFrom start = StartFrom::beginning;
  std::function<void(const TrainPlan&)> started = {};      ///< called before the first iteration
  std::function<void(const TrainMetrics&)> observer = {};  ///< called after every iteration
  /// called before `observer`, when an iteration has a validation
  std::function<void(const Validation&)> validation_observer = {};
  std::function<void()> ended = {};  ///< called after the last iteration
  /// Asked after every iteration; when it returns true, the run writes a checkpoint and ends.
  std::function<bool()> stop = {};
  std::string stopped_by = "its caller";  ///< who asked for the stop, in train.log
  /// File to which a run that `stop` ended writes the model of its last iteration; empty = none.
  std::filesystem::path stopped_model = {};
  /// Trains on these instead of a file: tasks.source must be table, and tasks.path is ignored. run.json and
  /// the model name the data "table", with their SHA-256 (sha256_of_table).
  TrainingTables tables = {};
  bool evaluate = true;  ///< evaluate the kept model on the test tasks
  Notify notify = {};
  /// Device, stream and the other options that a configuration does not have. Backend, threads, instruction
  /// set and math come from the configuration.
  ContextOptions context = {};
};

struct TrainReport {
  /// its outcome is `stopped` when options.stop ended the run; then there is no model and no evaluation
  TrainSummary training;
  std::int64_t iterations = 0;  ///< train.iterations; more than were done when train.patience ended the run
  /// evaluate.select_steps: the number of adaptation steps that validation chose
  std::optional<int> selected_steps;
  std::optional<GateReport> gate;  ///< with algorithm.gate = "auto"; the evaluation is behind it
  std::string backend;             ///< name of the backend that computed
  DataReport data;
  /// Query losses of the kept model, one entry per number of evaluate.steps, over the test tasks. A task file
  /// is not split, so after a training on one they are over the training tasks. Empty when the split leaves
  /// no test task.
  std::vector<StepSummary> evaluation;
  /// The same tasks as Evaluation::models has them.
  std::vector<ModelMetrics> models;
  bool evaluated_on_training_tasks = false;
  std::vector<FailedTask> failures;  ///< of the first iteration that had failed tasks
  double max_failed_share = 0.0;     ///< the configuration's evaluate.max_failed_share
};

/// Trains as `config` says and writes the files of a run folder into `folder` (docs/formats.md): run.json,
/// train.log, metrics.jsonl, checkpoints and, at the end, model.safetensors. Checks the data before it writes
/// anything. Tasks that fail are reported, never thrown; see require_few_failures. Throws InvalidArgument
/// (folder that already holds a run, configuration that does not fit the data), DataError, ModelError
/// (checkpoint of another run, warm start that does not fit) and ResourceError (file system, backend, folder
/// in use by another process). An exception of an observer ends the run and passes through.
TrainReport train_run(const RunConfig& config, const std::filesystem::path& folder,
                      const TrainRunOptions& options = {});

/// A sentence such as "the model is that of iteration 80, validation loss 0.41, 5 adaptation steps selected".
std::string describe_selection(const TrainReport& report);
/// Throws NumericError, naming the first tasks with reasons, when more than evaluate.max_failed_share of the
/// tasks failed during training or in the evaluation.
void require_few_failures(const TrainReport& report);

}  // namespace shoal
