// SPDX-License-Identifier: Apache-2.0
#include "run/opened_data.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <shoal/data_report.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "run/run_data.hpp"
#include "run/validation_table.hpp"

namespace shoal {
namespace {

OpenedData opened(std::string file, std::unique_ptr<TaskSource> source) {
  OpenedData data{std::move(file), std::move(source)};
  data.table = dynamic_cast<const TableSource*>(data.source.get());
  return data;
}

/// Warns of phases that the split asks for and that have no task, because evaluating on them will fail.
std::vector<std::string> phases_without_tasks(const OpenedData& data, const TableOptions& table) {
  const SplitOptions& split = table.split;
  const std::vector<std::string>& hold_out = table.hold_out;
  struct Asked {
    Phase phase;
    /// key of the configuration, with its value; empty = the split does not ask for the phase
    std::string key;
  };
  const auto share = [](const char* key, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.4g", value);
    return value > 0.0 ? std::string("tasks.split.") + key + " = " + digits : "";
  };
  const auto from = [](const char* key, const std::string& value) {
    return value.empty() ? "" : std::string("tasks.split.") + key + " = " + quoted_text(value);
  };
  const bool by_time = split.by == "time";
  const Asked phases[] = {
      {Phase::train, by_time ? "" : share("train", split.train)},
      {Phase::validation,
       by_time ? from("validation_from", split.validation_from) : share("validation", split.validation)},
      {Phase::test, by_time ? from("test_from", split.test_from) : share("test", split.test)},
      {Phase::held_out,
       hold_out.empty() ? "" : "tasks.hold_out = [" + quoted_text(hold_out.front()) + ", ...]"}};
  std::string counts;
  for (const Asked& asked : phases)
    if (asked.phase != Phase::held_out || !hold_out.empty())
      counts += (counts.empty() ? "" : ", ") + std::string(to_string(asked.phase)) + " " +
                std::to_string(data.source->size(asked.phase).value_or(0));
  std::vector<std::string> warnings;
  for (const Asked& asked : phases)
    if (!asked.key.empty() && data.source->size(asked.phase) == 0)
      warnings.push_back(printable(data.file) + ": " + asked.key +
                         " gets no task (tasks by phase: " + counts + ")");
  return warnings;
}

/// Finds the tasks of a model's phases by splitting its own table again. Models of old versions do not list
/// their tasks.
RunTasks split_again(const TrainedModel& model, const TableOptions& table) {
  return RunTasks::of(*make_table_source(table, *model.preprocessing, targets_of(model.config.loss),
                                         TargetsNeeded::everywhere, Phases::split, model.trained.seed),
                      false);
}

/// Whether the rows of a table become other tasks than in training.
bool cut_otherwise(const TableOptions& now, const TableOptions& trained) {
  return now.key != trained.key || now.time != trained.time || now.windows != trained.windows;
}

/// Opens the tasks of a task file or in memory. `own`: the model was trained on this file.
OpenedData open_given_tasks(const RunData& data, const TrainedModel& model, TargetsNeeded needed, bool own) {
  const std::string file = path_in(data);
  std::variant<TaskBatch, TaskBatch64> tasks;
  if (const auto* single = std::get_if<TaskBatch>(&data))
    tasks = *single;
  else if (const auto* wide = std::get_if<TaskBatch64>(&data))
    tasks = *wide;
  else
    tasks = read_tasks(file);
  const FileTargets targets{.loss = model.config.loss,
                            .needed = needed,
                            .units = model.preprocessing ? model.preprocessing->target_units : TargetUnits{}};
  const std::string name = file.empty() ? "tasks in memory" : file;
  OpenedData opened_tasks = opened(file, make_file_source(name, tasks, model.config.seed, targets));
  opened_tasks.tasks = std::move(tasks);
  const TaskSourceKind trained = model.trained.tasks.source;
  // ids are hashes of keys, also in a file that `shoal data export` wrote
  if (trained == TaskSourceKind::table)
    opened_tasks.run = RunTasks(model.metadata, model.file.string());
  else  // ids are arbitrary numbers: equal ids in two files do not mean equal tasks
    opened_tasks.run =
        trained == TaskSourceKind::file && own ? RunTasks::of(*opened_tasks.source, true) : RunTasks::none();
  return opened_tasks;
}

/// Opens generated tasks. They are those of training when configuration and seed are the same.
OpenedData open_generated(const TrainedModel& model, Phase phase) {
  OpenedData data = opened("", make_task_source(model.config));
  const bool same = model.config.tasks == model.trained.tasks && model.config.seed == model.trained.seed &&
                    model.config.evaluate.query_grid == 0;
  const TrainConfig& train = model.trained.train;
  data.run = RunTasks::generated(phase, same ? train.iterations * train.tasks_per_batch : 0);
  return data;
}

/// The options to read a table with: the run's own; for a given file, with its path.
TableOptions options_of_table(const RunData& data, const TrainedModel& model, const Notify& notify) {
  const bool own_table = model.config.tasks.source == TaskSourceKind::table;
  const std::string path = path_in(data);
  if (!model.preprocessing)
    throw ModelError(model.file.string() + ": was not trained on a table, so it cannot read " +
                     (path.empty() ? "one" : path) + "; give a task file (.safetensors)");
  TableOptions table = own_table ? model.config.tasks.table : model.preprocessing->options;
  if (std::holds_alternative<MemoryTable>(data)) {
    table.path = memory_table_name;
    return table;
  }
  if (!path.empty()) {
    table.path = path;
    return table;
  }
  if (table.path.empty())
    throw DataError(model.file.string() + ": the model was trained on a table in memory; give the data");
  for (const std::string& file : table_files(table.path))
    if (!std::filesystem::exists(file))
      throw DataError(file +
                      ": the data that the model was trained on is not there; --set tasks.path=FILE says "
                      "where it lies now (evaluate: give --data)");
  tell_changed_data(model, notify);
  return table;
}

OpenedData open_table(const RunData& given, const TrainedModel& model, TargetsNeeded needed, Phases phases,
                      const Notify& notify) {
  TableOptions table = options_of_table(given, model, notify);
  require_classes_to_stratify(table, model.config.loss);
  if (phases == Phases::split && model.config.seed != model.trained.seed)
    throw InvalidArgument("seed " + std::to_string(model.config.seed) + ": " + model.file.string() +
                          " was trained with seed " + std::to_string(model.trained.seed) +
                          ", which decides which of its tasks are test tasks");
  const TargetType targets = targets_of(model.config.loss);
  const auto* columns = std::get_if<MemoryTable>(&given);
  OpenedData data = opened(table.path, columns ? make_table_source(*columns, table, *model.preprocessing,
                                                                   targets, needed, phases, model.config.seed)
                                               : make_table_source(table, *model.preprocessing, targets,
                                                                   needed, phases, model.config.seed));
  data.run = RunTasks(model.metadata, model.file.string());
  if (cut_otherwise(table, model.preprocessing->options) && is_own_data(given, model)) {
    // The run does not know these tasks, but may have been trained on their rows.
    tell_warning(notify, printable(table.path) +
                             ": the model was trained on this file, cut into other tasks: it may have "
                             "learned from rows of these");
    data.run = RunTasks();
  } else if (!data.run.known() && is_own_data(given, model)) {
    data.run = phases == Phases::split ? RunTasks::of(*data.source, false) : split_again(model, table);
  }
  data.options = std::move(table);
  return data;
}

}  // namespace

std::string OpenedData::key_of(std::int64_t id) const {
  const std::string key = source->key_of(id);
  return key.empty() ? std::to_string(id) : key;
}

ReportedTask OpenedData::reported(std::int64_t id) const {
  ReportedTask task{id, key_of(id), run.phase_of(id), std::nullopt};
  if (run.known()) task.trained_on = run.trained_on(id);
  return task;
}

DataReport OpenedData::report() const {
  DataReport report{file, warnings, std::nullopt, std::nullopt};
  if (table) {
    report.left_out = table->left_out();
    report.preprocessing = table->preprocessing();
  }
  return report;
}

bool is_own_data(const RunData& data, const TrainedModel& model) {
  const auto is_known = [&](const std::string& hash) {
    return std::any_of(model.data_hash.begin(), model.data_hash.end(),
                       [&](const auto& input) { return input.second == hash; });
  };
  if (const auto* table = std::get_if<MemoryTable>(&data)) return is_known(sha256_of_table(*table));
  if (!std::holds_alternative<std::filesystem::path>(data)) return false;
  const std::string path = is_given(data) ? path_in(data) : model.config.tasks.table.path;
  if (path.empty()) return false;
  const std::vector<std::string> files = table_files(path);
  return !files.empty() && std::all_of(files.begin(), files.end(), [&](const std::string& file) {
    return std::filesystem::is_regular_file(file) && is_known(sha256_of_file(file));
  });
}

std::vector<ChangedFile> changed_data(const TrainedModel& model) {
  const std::string& path = model.config.tasks.table.path;
  std::vector<ChangedFile> changed;
  if (is_generated(model.config.tasks.source) || path.empty()) return changed;
  for (const std::string& file : table_files(path)) {
    if (!std::filesystem::is_regular_file(file)) continue;
    const std::string name = table_file_name(path, file);
    const auto trained = model.data_hash.find(name);
    const std::string then = trained == model.data_hash.end() ? "" : trained->second;
    if (const std::string now = sha256_of_file(file); now != then) changed.push_back({file, name, then, now});
  }
  return changed;
}

void tell_changed_data(const TrainedModel& model, const Notify& notify) {
  for (const ChangedFile& file : changed_data(model))
    tell_warning(notify, file.then.empty() ? printable(file.path) + ": the model was not trained on this file"
                                           : printable(file.path) +
                                                 " has changed since the model was trained on it (SHA-256 " +
                                                 file.now.substr(0, 12) + "..., then " +
                                                 printable(file.then.substr(0, 12)) + "...)");
}

OpenedData open_source(const RunConfig& config, const Notify& notify) {
  const bool reads = !is_generated(config.tasks.source);
  OpenedData data = opened(reads ? config.tasks.table.path : "", make_task_source(config));
  if (data.table) data.warnings = phases_without_tasks(data, config.tasks.table);
  for (const std::string& warning : data.warnings) tell_warning(notify, warning);
  return data;
}

OpenedData open_source(const RunConfig& config, const TrainingTables& tables, const Notify& notify) {
  if (tables.training.empty()) return open_source(config, notify);
  require_classes_to_stratify(config.tasks.table, config.loss);
  auto training = make_table_source(tables.training, config.tasks.table, targets_of(config.loss), config.seed,
                                    config.train.sampling);
  const TableSource* const table = training.get();
  OpenedData data{memory_table_name, std::move(training), table};
  data.warnings = phases_without_tasks(data, config.tasks.table);
  for (const std::string& warning : data.warnings) tell_warning(notify, warning);
  if (!tables.validation.empty()) {
    auto validation =
        make_table_source(tables.validation, config.tasks.table, table->preprocessing(),
                          targets_of(config.loss), TargetsNeeded::everywhere, Phases::all_test, config.seed);
    data.source = with_validation_tasks(std::move(data.source), std::move(validation));
  }
  return data;
}

OpenedData open_data(const RunData& data, const TrainedModel& model, TargetsNeeded needed, Phases phases,
                     Phase asked, const Notify& notify) {
  const TaskSourceKind source = model.config.tasks.source;
  if (is_given(data)) {
    if (holds_tasks(data)) return open_given_tasks(data, model, needed, is_own_data(data, model));
  } else if (source == TaskSourceKind::file) {
    const RunData own = std::filesystem::path(model.config.tasks.table.path);
    OpenedData tasks = open_given_tasks(own, model, needed, is_own_data(own, model));
    tell_changed_data(model, notify);
    return tasks;
  } else if (is_generated(source)) {
    return open_generated(model, asked);
  }
  return open_table(data, model, needed, phases, notify);
}

void tell_left_out(const OpenedData& data, const Notify& notify) {
  if (!data.table) return;
  for (const std::string& note : data.table->notes()) tell_note(notify, note);
  for (const std::string& line : left_out_lines(data.table->left_out()))
    tell_note(notify, printable(data.file) + ": " + line);
}

}  // namespace shoal
