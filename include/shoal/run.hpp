// SPDX-License-Identifier: Apache-2.0
// Run: a trained model with everything that it learned from its data (scalers, categories, labels, split), so
// that it takes raw tables.
//
//   const shoal::Run run = shoal::Run::open("runs/clients");
//   const shoal::Predictions predictions = run.predict("new-clients.csv");
//   for (std::size_t row = 0; row < predictions.task.size(); ++row)
//     std::cout << predictions.task[row] << ' ' << predictions.response[row] << '\n';
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <shoal/adapted_models.hpp>
#include <shoal/config.hpp>
#include <shoal/context.hpp>
#include <shoal/notice.hpp>
#include <shoal/predictions.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/run_report.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// Tasks that a run meets: a table (CSV or .npy, a pattern of such files) with the run's columns, a task
/// file, or tasks in memory as a task file holds them. An empty path: the run's own data.
using RunData = std::variant<std::filesystem::path, TaskBatch, TaskBatch64>;

struct RunOptions {
  /// Configuration over the run's own; empty: none. It may change which rows make tasks, how another file is
  /// written and how the model adapts, not its columns, its network or its loss (docs/commands.md).
  std::filesystem::path config = {};
  std::vector<ConfigOverride> overrides = {};  ///< over both
  Notify notify = {};                          ///< hears what opening and every later call have to tell
  /// What a configuration does not say of where the work runs. Backend, threads, instruction set and math are
  /// those of the configuration.
  ContextOptions context = {};
};

struct EvaluateOptions {
  RunData data = {};            ///< the run's own data when nothing else is given
  std::vector<int> steps = {};  ///< numbers of adaptation steps, each >= 0; empty: evaluate.steps
  /// Tasks of one phase: of the run's own data those that the split put there (test when nothing is asked
  /// for), of other data those that had it in the run, or that the run has not seen (test).
  std::optional<Phase> phase = {};
  bool all_phases = false;  ///< every task; not for generated ones
  /// Also writes the predictions after each of `steps` to this file, as `shoal evaluate --predictions`.
  std::filesystem::path predictions = {};
};

/// A call may take any time and memory that its data need; two calls on one Run must not run at once.
class Run {
 public:
  /// `path`: a run folder, its model.safetensors wherever that lies, or a file of adapted models. Throws
  /// ModelError (no such model, damaged, not written by a run), InvalidArgument (a configuration that does
  /// not fit the model), ResourceError.
  static Run open(const std::filesystem::path& path, const RunOptions& options = {});
  ~Run();
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;

  const std::filesystem::path& file() const;  ///< the model file
  const ModelMetadata& metadata() const;      ///< of that file
  const RunConfig& trained_config() const;    ///< the run's own configuration
  const RunConfig& config() const;            ///< with RunOptions over it
  std::optional<int> selected_steps() const;  ///< adaptation steps that validation chose
  /// Whether the file holds models that have been adapted already: they predict, and cannot adapt again.
  bool is_adapted() const;

  /// Query losses at several numbers of adaptation steps. Tasks that fail are reported, never thrown. Throws
  /// DataError (targets that are missing or outside the loss's domain, no task in the phase),
  /// InvalidArgument, ModelError, ResourceError.
  Evaluation evaluate(const EvaluateOptions& options = {}) const;

  /// The models of all tasks of `data` after `steps` adaptation steps; nothing: those that validation chose,
  /// else algorithm.inner_steps. A task without support rows keeps the trained model. Throws as evaluate
  /// does.
  AdaptedModels adapt(const RunData& data, std::optional<int> steps = {}) const;

  /// What the models say of every query row of `data`, after `steps` steps as for `adapt`. When the file
  /// holds adapted models, those; `steps` must be empty then (InvalidArgument), and a task without a model
  /// there is an error (DataError).
  Predictions predict(const RunData& data, std::optional<int> steps = {}) const;
  /// The same with models that `adapt` returned.
  Predictions predict(const AdaptedModels& models, const RunData& data) const;
  /// The predictions as a CSV file, crash-safe and with bounded memory: the bytes of `shoal predict --out`.
  TaskReport write_predictions(const std::filesystem::path& file, const RunData& data,
                               std::optional<int> steps = {}) const;

 private:
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shoal
