// SPDX-License-Identifier: Apache-2.0
// train_run: a whole training, from a configuration to a run folder with a model, a log and checkpoints.
//
//   const shoal::RunConfig config = shoal::load_config("clients.toml");
//   const shoal::TrainReport report = shoal::train_run(config, "runs/clients");
//   shoal::require_few_failures(report);
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
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// The loop that a training is about to enter.
struct TrainPlan {
  std::int64_t from = 0;        ///< iterations that are done; above 0 when the run goes on
  std::int64_t iterations = 0;  ///< iterations that there shall be
  std::int64_t log_every = 0;   ///< iterations per line of metrics.jsonl
};

struct TrainRunOptions {
  /// `checkpoint`: goes on from the newest checkpoint of the folder, where there is one.
  StartFrom start = StartFrom::beginning;
  std::function<void(const TrainPlan&)> started = {};               ///< called before the first iteration
  std::function<void(const TrainMetrics&)> observer = {};           ///< called after every iteration
  std::function<void(const Validation&)> validation_observer = {};  ///< called before it, where there is one
  std::function<void()> ended = {};                                 ///< called after the last iteration
  /// Asked after every iteration; true: a checkpoint is written and the run ends.
  std::function<bool()> stop = {};
  std::string stopped_by = "its caller";  ///< what train.log says of who asked for the stop
  Notify notify = {};
  /// What a configuration does not say of where the work runs. Backend, threads, instruction set and math are
  /// those of the configuration.
  ContextOptions context = {};
};

struct TrainReport {
  TrainSummary training;  ///< `stopped`: options.stop ended it, and there is no model and no evaluation yet
  std::int64_t iterations = 0;        ///< asked for; more than were done when train.patience ended the run
  std::optional<int> selected_steps;  ///< with evaluate.select_steps: adaptation steps that validation chose
  std::string backend;                ///< name of the backend that computed
  DataReport data;
  /// Query losses of the kept model, per number of evaluate.steps: of the test tasks, or of the training
  /// tasks where a task file is trained on, which is not split. Empty when the split leaves no test task.
  std::vector<StepSummary> evaluation;
  bool evaluated_on_training_tasks = false;
  std::vector<FailedTask> failures;  ///< of the first iteration that had any
  double max_failed_share = 0.0;     ///< evaluate.max_failed_share
};

/// Trains as `config` says and writes into `folder` what docs/formats.md lists: run.json, train.log,
/// metrics.jsonl, checkpoints and, at the end, model.safetensors. Bad data is refused before anything is
/// written. Tasks that fail are reported, never thrown (require_few_failures). Throws InvalidArgument (a
/// folder that holds a run already, a configuration that does not fit the data), DataError, ModelError (a
/// checkpoint of another run, a warm start that does not fit) and ResourceError (file system, backend,
/// another process in the folder). What an observer throws ends the run.
TrainReport train_run(const RunConfig& config, const std::filesystem::path& folder,
                      const TrainRunOptions& options = {});

/// "the model is that of iteration 80, validation loss 0.41, 5 adaptation steps selected".
std::string describe_selection(const TrainReport& report);
/// Throws NumericError with the first tasks and reasons when more than evaluate.max_failed_share of the tasks
/// failed, on the way or in the evaluation.
void require_few_failures(const TrainReport& report);

}  // namespace shoal
