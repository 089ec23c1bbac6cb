// SPDX-License-Identifier: Apache-2.0
// The tasks that a run works on, with what it takes to name them: file, keys, rows.
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

#include "run/run_tasks.hpp"
#include "run/trained_model.hpp"

namespace shoal {

struct OpenedData {
  std::string file;  ///< empty when tasks are generated or given in memory
  std::unique_ptr<TaskSource> source;
  const TableSource* table = nullptr;      ///< when it is one
  std::vector<std::string> warnings = {};  ///< phases without tasks; told already
  TableOptions options = {};               ///< of a table, as it is read this time
  /// Tasks that are no rows of a table: those of a task file in its own precision and units, or generated
  /// ones once they are there.
  std::optional<std::variant<TaskBatch, TaskBatch64>> tasks = {};
  RunTasks run = {};  ///< which of the tasks the model knows

  /// The task's key, or its id where it has none.
  std::string key_of(std::int64_t id) const;
  ReportedTask reported(std::int64_t id) const;
  DataReport report() const;
};

/// The source of a configuration, to train on. Warns, with the counts, when the split asks for a phase that
/// no task is in.
OpenedData open_source(const RunConfig& config, const Notify& notify);
/// Whether `data` is a file that the model was trained on, by its SHA-256.
bool is_own_data(const RunData& data, const TrainedModel& model);
/// The tasks of `data` (a table through the model's preprocessing, or tasks as they are), or of the run's own
/// source, then of phase `asked` where it generates them. Warns when the run's file is not the one that it
/// was trained on. `phases`: whether a table is split as in the run; throws InvalidArgument for another seed
/// than the run's then.
OpenedData open_data(const RunData& data, const TrainedModel& model, TargetsNeeded needed, Phases phases,
                     Phase asked, const Notify& notify);

/// Notes what was found out about a table's file (its delimiter), and what of it is in no task.
void tell_left_out(const OpenedData& data, const Notify& notify);

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

}  // namespace shoal
