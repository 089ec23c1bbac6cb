// SPDX-License-Identifier: Apache-2.0
// The data that a run works on: the opened source, and what names its tasks (file, keys, rows).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_report.hpp>
#include <shoal/table_source.hpp>
#include <shoal/task_source.hpp>
#include <shoal/train_run.hpp>

#include "run/run_tasks.hpp"
#include "run/trained_model.hpp"

namespace shoal {

struct OpenedData {
  std::string file;  ///< empty when tasks are generated or given in memory; "table" of a table in memory
  std::unique_ptr<TaskSource> source;
  const TableSource* table = nullptr;      ///< the source, when it is a table
  std::vector<std::string> warnings = {};  ///< phases without tasks; `notify` has received them already
  TableOptions options = {};               ///< of a table: the options that it was opened with
  /// Tasks that are not rows of a table: those of a task file, in its precision and units, or generated ones.
  /// Empty until generated tasks have been drawn.
  std::optional<std::variant<TaskBatch, TaskBatch64>> tasks = {};
  RunTasks run = {};  ///< the tasks that the model knows from its run

  /// The task's key, or its id as text when it has no key.
  std::string key_of(std::int64_t id) const;
  ReportedTask reported(std::int64_t id) const;
  DataReport report() const;
};

/// Opens the source of a configuration for training. Sends a warning, with counts, for every phase that the
/// split asks for and that has no task.
OpenedData open_source(const RunConfig& config, const Notify& notify);
/// The same for tables in memory, when the first has columns.
OpenedData open_source(const RunConfig& config, const TrainingTables& tables, const Notify& notify);
/// Whether all files of `data` are files that the model was trained on, by SHA-256.
bool is_own_data(const RunData& data, const TrainedModel& model);
/// A file of a run's own data whose content is not what the model was trained on.
struct ChangedFile {
  std::string path;
  std::string name;       ///< by which the model's metadata know it
  std::string then, now;  ///< SHA-256; `then` is empty where the model was not trained on such a file
};
/// The changed files; those that are not there any more are left out.
std::vector<ChangedFile> changed_data(const TrainedModel& model);
/// Sends a warning for each of them.
void tell_changed_data(const TrainedModel& model, const Notify& notify);
/// Opens `data` for a trained model: a table with the model's preprocessing, or tasks. When `data` is empty,
/// opens the run's own source; if that is a generator, it gives tasks of phase `asked`. Sends a warning when
/// the run's file has changed since training. `phases` says whether a table is split as in the run; then the
/// seed must be the run's (else InvalidArgument).
OpenedData open_data(const RunData& data, const TrainedModel& model, TargetsNeeded needed, Phases phases,
                     Phase asked, const Notify& notify);

/// Sends notes about what was detected in a table (its delimiter) and about rows that are in no task.
void tell_left_out(const OpenedData& data, const Notify& notify);

/// Runs `work`. Puts the file's name in front of the message of a DataError.
template <class Work>
auto naming_file(const OpenedData& data, Work work) {
  try {
    return work();
  } catch (const DataError& error) {
    const std::string message = error.what();
    throw DataError(data.file.empty() || message.starts_with(data.file) ? message
                                                                        : data.file + ": " + message);
  }
}

}  // namespace shoal
