// SPDX-License-Identifier: Apache-2.0
// The tasks that a command works on, with what it takes to name them: file, keys, rows.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>
#include <shoal/task_source.hpp>

#include "cli/trained_model.hpp"

namespace shoal::cli {

struct OpenedData {
  std::string file;  ///< empty when tasks are generated
  std::unique_ptr<TaskSource> source;
  const TableSource* table = nullptr;  ///< when it is one: it knows the tasks' keys

  std::string key_of(std::int64_t id) const { return table ? table->key_of(id) : std::to_string(id); }
};

/// The source of a configuration, to train on.
OpenedData open_source(const RunConfig& config);
/// The tasks of --data (CSV or .npy through the model's preprocessing, or a task file), or of the run's own
/// source. Warns on standard error when the run's file is not the one it was trained on.
OpenedData open_data(const CommandOptions& options, const TrainedModel& model, TargetsNeeded needed);

/// Tells on standard error what was found out about a table's file (its delimiter), and what of it is in no
/// task; nothing when all is.
void report_left_out(const OpenedData& data, const CommonOptions& options);
/// {"rows", "keys", "windows", "example"}, or null when all of the data is in tasks.
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
