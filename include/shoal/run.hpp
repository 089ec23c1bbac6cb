// SPDX-License-Identifier: Apache-2.0
// Run: a trained model with everything that was learned from its data (scalers, categories, labels, split),
// so that it can be used on raw tables.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::Run run = shoal::Run::open("runs/clients");
//   const shoal::Predictions predictions = run.predict("new-clients.csv");
//   for (std::size_t row = 0; row < predictions.task.size(); ++row)
//     std::cout << predictions.task[row] << ' ' << predictions.response[row] << '\n';
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <shoal/adapted_models.hpp>
#include <shoal/baselines.hpp>
#include <shoal/config.hpp>
#include <shoal/context.hpp>
#include <shoal/explain.hpp>
#include <shoal/memory_table.hpp>
#include <shoal/notice.hpp>
#include <shoal/predictions.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/run_report.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// Columns with the run's names, in any order; other columns are ignored.
using MemoryTable = std::vector<TableColumn>;
/// The data that a run is used on: a path to a table with the run's columns (CSV or .npy, or a pattern of
/// such files) or to a task file, tasks in memory, with the contents of a task file, or a table in memory. An
/// empty path means the run's own data.
using RunData = std::variant<std::filesystem::path, TaskBatch, TaskBatch64, MemoryTable>;

/// What happens to tasks that adapted models do not have: an error, or the trained model predicts them.
enum class WithoutModel { refused, trained };

struct RunOptions {
  /// TOML file whose values replace those of the run's own configuration; empty = none. It may change which
  /// rows become tasks, how a file is written and how the model adapts, but not the model's columns, its
  /// network or its loss (docs/commands.md).
  std::filesystem::path config = {};
  std::vector<ConfigOverride> overrides = {};  ///< they replace values of both configurations
  Notify notify = {};                          ///< receives the notices of opening and of every later call
  /// Device, stream and the other options that a configuration does not have. Backend, threads, instruction
  /// set and math come from the configuration.
  ContextOptions context = {};
};

struct EvaluateOptions {
  RunData data = {};            ///< empty = the run's own data
  std::vector<int> steps = {};  ///< numbers of adaptation steps, each >= 0; empty = evaluate.steps
  /// Evaluate only tasks of this phase; without a value, the test tasks. In the run's own data, the split
  /// decides the phase. In other data, a task has the phase that it had in the run; tasks that the run has
  /// not seen are test tasks.
  std::optional<Phase> phase = {};
  bool all_phases = false;  ///< evaluate every task; an error for generated tasks
  /// Also write the predictions after each of `steps` to this file, as `shoal evaluate --predictions` does;
  /// empty = no file.
  std::filesystem::path predictions = {};
  std::vector<std::string> baselines = {};  ///< of baseline_names(); or "auto" alone; empty or "none": none
  std::vector<ForecastFile> compare = {};   ///< forecasts of others, in the same table
  /// Also measure groups of rows: "year" (of the row's time), or a column of the table; empty = none.
  std::string by = {};
};

/// Which rows of a table `predict` covers. everything: the query rows of all its tasks. latest: one window
/// per key, which adapts on the newest rows that have targets and predicts the rows after them
/// (Phases::latest); without a time column, for adapted models and for task files this is an error
/// (InvalidArgument).
enum class Ask { everything, latest };

/// Time and memory of a call grow with its data. Two threads must not call functions of one Run at once.
class Run {
 public:
  /// Opens a model. `path` is a run folder, a model.safetensors in any folder, or a file of adapted models.
  /// Throws ModelError when there is no model, or it is damaged or was not written by a run; InvalidArgument
  /// when the configuration does not fit the model; and ResourceError.
  static Run open(const std::filesystem::path& path, const RunOptions& options = {});
  /// The same of the bytes of such a file, which errors call "model in memory". They are copied.
  static Run open(std::span<const std::byte> bytes, const RunOptions& options = {});
  ~Run();
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;

  const std::filesystem::path& file() const;  ///< the model file, "model in memory" for bytes
  const ModelMetadata& metadata() const;      ///< of the model file
  const RunConfig& trained_config() const;    ///< the run's own configuration
  const RunConfig& config() const;            ///< the run's own configuration, changed by RunOptions
  std::optional<int> selected_steps() const;  ///< number of adaptation steps that validation chose
  /// What the gate decided at the end of training; empty where algorithm.gate is "off".
  const std::optional<GateReport>& gate() const;
  /// Whether the file holds models that have been adapted already. They can predict, but not adapt again.
  bool is_adapted() const;
  /// Sends a warning for every file of the run's own data whose content is not what the model was trained on.
  void tell_changed_data() const;

  /// Computes query losses after several numbers of adaptation steps. Tasks that fail are reported, never
  /// thrown. Throws DataError (targets that are missing or outside the loss's domain, no task in the phase),
  /// InvalidArgument, ModelError or ResourceError.
  Evaluation evaluate(const EvaluateOptions& options = {}) const;

  /// Adapts the model to each task of `data` with `steps` steps; without a value, with as many as validation
  /// chose, or else algorithm.inner_steps. A task without support rows keeps the trained model. Throws as
  /// evaluate does.
  AdaptedModels adapt(const RunData& data, std::optional<int> steps = {}) const;

  /// Reads models from the bytes that write_adapted writes, of a run with this one's network. Their tasks
  /// have ids and no keys. Throws ModelError.
  AdaptedModels parse_adapted(std::span<const std::byte> bytes) const;

  /// Predicts every query row of `data` after `steps` adaptation steps (the default is that of `adapt`). When
  /// the file holds adapted models, predicts with those: then `steps` must be empty (InvalidArgument), and
  /// every task must have a model in the file (DataError).
  Predictions predict(const RunData& data, std::optional<int> steps = {}, Ask ask = Ask::everything) const;
  /// Predicts with models that `adapt` returned.
  Predictions predict(const AdaptedModels& models, const RunData& data,
                      WithoutModel without_model = WithoutModel::refused) const;
  /// Writes the predictions as a CSV file, crash-safely and with bounded memory. The bytes are those of
  /// `shoal predict --out`.
  TaskReport write_predictions(const std::filesystem::path& file, const RunData& data,
                               std::optional<int> steps = {}, Ask ask = Ask::everything) const;
  /// Writes why every query row of `data` has its output, as `shoal explain` does (explain.hpp).
  ExplainReport write_explanations(const std::filesystem::path& file, const RunData& data,
                                   std::optional<int> steps = {}) const;

 private:
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shoal
