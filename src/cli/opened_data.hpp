// SPDX-License-Identifier: Apache-2.0
// The tasks that a command works on, with what it takes to name them: file, keys, rows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>
#include <shoal/task_source.hpp>

#include "cli/run_tasks.hpp"
#include "cli/trained_model.hpp"

namespace shoal::cli {

struct OpenedData {
  std::string file;  ///< empty when tasks are generated
  std::unique_ptr<TaskSource> source;
  const TableSource* table = nullptr;      ///< when it is one
  std::vector<std::string> warnings = {};  ///< already told on standard error; for logs and JSON
  TableOptions options = {};               ///< of a table, as this command reads it
  /// Tasks that are no rows of a table: those of a task file in its own precision and units, or generated
  /// ones once a command has them.
  std::optional<std::variant<TaskBatch, TaskBatch64>> tasks = {};
  RunTasks run = {};  ///< which of the tasks the model knows

  /// The task's key, or its id where it has none.
  std::string key_of(std::int64_t id) const {
    const std::string key = source->key_of(id);
    return key.empty() ? std::to_string(id) : key;
  }
};

/// The source of a configuration, to train on. Warns on standard error, with the counts, when the split asks
/// for a phase that no task is in.
OpenedData open_source(const RunConfig& config);
/// Whether a file looks like a task file: safetensors, by its name or its first bytes.
bool is_task_file(const std::string& file);
/// Whether --data, or what stands for it, is a file that the model was trained on, by its SHA-256.
bool is_own_data(const CommandOptions& options, const TrainedModel& model);
/// The tasks of --data (CSV or .npy through the model's preprocessing, or a task file), or of the run's own
/// source. Warns on standard error when the run's file is not the one it was trained on. `phases`: whether a
/// table is split as in the run; throws InvalidArgument for another seed than the run's then.
OpenedData open_data(const CommandOptions& options, const TrainedModel& model, TargetsNeeded needed,
                     Phases phases);

/// Tells on standard error what was found out about a table's file (its delimiter), and what of it is in no
/// task; nothing when all is.
void report_left_out(const OpenedData& data, const CommonOptions& options);
/// What report_left_out tells, or null when that is nothing (left_out_report.hpp).
nlohmann::ordered_json left_out_json(const OpenedData& data);

/// Runs `work`; an error in the data that it finds is given the file's name.
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

}  // namespace shoal::cli
