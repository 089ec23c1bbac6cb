// SPDX-License-Identifier: Apache-2.0
#include "cli/opened_data.hpp"

#include <algorithm>
#include <cstdio>

#include <shoal/input_file.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/left_out_report.hpp"

namespace shoal::cli {
namespace {

OpenedData opened(std::string file, std::unique_ptr<TaskSource> source) {
  OpenedData data{std::move(file), std::move(source)};
  data.table = dynamic_cast<const TableSource*>(data.source.get());
  return data;
}

/// A phase that the split asks for, but that no task is in, is worth a sentence: evaluating on it will fail.
std::vector<std::string> phases_without_tasks(const OpenedData& data, const SplitOptions& split) {
  struct Asked {
    Phase phase;
    std::string key;  ///< of the configuration, with its value; empty = not asked for
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
      {Phase::test, by_time ? from("test_from", split.test_from) : share("test", split.test)}};
  std::string counts;
  for (const Asked& asked : phases)
    counts += (counts.empty() ? "" : ", ") + std::string(to_string(asked.phase)) + " " +
              std::to_string(data.source->size(asked.phase).value_or(0));
  std::vector<std::string> warnings;
  for (const Asked& asked : phases)
    if (!asked.key.empty() && data.source->size(asked.phase) == 0)
      warnings.push_back(printable(data.file) + ": " + asked.key +
                         " gets no task (tasks by phase: " + counts + ")");
  return warnings;
}

/// Warns about every file of a run's table that is not what the model was trained on.
void warn_of_other_data(const TrainedModel& model, const std::string& path) {
  for (const std::string& file : table_files(path)) {
    const auto trained = model.data_hash.find(table_file_name(path, file));
    const std::string shown = printable(file);
    if (trained == model.data_hash.end()) {
      std::fprintf(stderr, "shoal: warning: %s: the model was not trained on this file\n", shown.c_str());
    } else if (const std::string now = sha256_of_file(file); now != trained->second) {
      std::fprintf(stderr,
                   "shoal: warning: %s has changed since the model was trained on it (SHA-256 %.12s..., then "
                   "%.12s...)\n",
                   shown.c_str(), now.c_str(), trained->second.c_str());
    }
  }
}

/// The tasks of a model that was written before models listed them, where they can be found out: its own
/// table is split once more.
RunTasks split_again(const TrainedModel& model, const TableOptions& table) {
  return RunTasks::of(*make_table_source(table, *model.preprocessing, targets_of(model.config.loss),
                                         TargetsNeeded::everywhere, Phases::split, model.trained.seed),
                      false);
}

/// Whether the rows of a table become other tasks than in training.
bool cut_otherwise(const TableOptions& now, const TableOptions& trained) {
  return now.key != trained.key || now.time != trained.time || now.windows != trained.windows;
}

OpenedData open_tasks(const std::string& file, const TrainedModel& model, TargetsNeeded needed, bool own) {
  auto tasks = read_tasks(file);
  const FileTargets targets{.loss = model.config.loss,
                            .needed = needed,
                            .units = model.preprocessing ? model.preprocessing->target_units : TargetUnits{}};
  OpenedData data = opened(file, make_file_source(file, tasks, model.config.seed, targets));
  data.tasks = std::move(tasks);
  const std::string& trained = model.trained.tasks.source;
  if (trained == "table")  // ids are those of keys, also in a file that data export wrote
    data.run = RunTasks(model.metadata, model.file.string());
  else  // ids are numbers that somebody chose: what they name in one file says nothing of another
    data.run = trained == "file" && own ? RunTasks::of(*data.source, true) : RunTasks::none();
  return data;
}

/// Generated tasks are those of training as long as everything that they come from is.
OpenedData open_generated(const CommandOptions& options, const TrainedModel& model) {
  OpenedData data = opened("", make_task_source(model.config));
  const Phase phase = options.phase.empty() ? Phase::test : phase_from_string(options.phase);
  const bool same = model.config.tasks == model.trained.tasks && model.config.seed == model.trained.seed &&
                    model.config.evaluate.query_grid == 0;
  const TrainConfig& train = model.trained.train;
  data.run = RunTasks::generated(phase, same ? train.iterations * train.tasks_per_batch : 0);
  return data;
}

}  // namespace

bool is_task_file(const std::string& file) {
  if (file.ends_with(".safetensors")) return true;
  if (!std::filesystem::is_regular_file(file)) return false;  // a pipe is not opened to find out
  unsigned char start[9] = {};  // a JSON header behind eight bytes that give its length
  const std::size_t count = InputFile::open<DataError>(file).read(start, sizeof start);
  return count == sizeof start && start[8] == '{' && start[7] == 0 && start[6] == 0;
}

bool is_own_data(const CommandOptions& options, const TrainedModel& model) {
  const std::string& path = options.data.empty() ? model.config.tasks.table.path : options.data;
  const std::vector<std::string> files = table_files(path);
  return !files.empty() && std::all_of(files.begin(), files.end(), [&](const std::string& file) {
    if (!std::filesystem::is_regular_file(file)) return false;
    const std::string hash = sha256_of_file(file);
    return std::any_of(model.data_hash.begin(), model.data_hash.end(),
                       [&](const auto& input) { return input.second == hash; });
  });
}

OpenedData open_source(const RunConfig& config) {
  const bool reads = config.tasks.source == "table" || config.tasks.source == "file";
  OpenedData data = opened(reads ? config.tasks.table.path : "", make_task_source(config));
  if (data.table) data.warnings = phases_without_tasks(data, config.tasks.table.split);
  for (const std::string& warning : data.warnings)
    std::fprintf(stderr, "shoal: warning: %s\n", warning.c_str());
  return data;
}

OpenedData open_data(const CommandOptions& options, const TrainedModel& model, TargetsNeeded needed,
                     Phases phases) {
  const std::string& source = model.config.tasks.source;
  if (!options.data.empty() && is_task_file(options.data))
    return open_tasks(options.data, model, needed, is_own_data(options, model));
  if (options.data.empty() && source == "file") {
    OpenedData data = open_tasks(model.config.tasks.table.path, model, needed, is_own_data(options, model));
    warn_of_other_data(model, data.file);
    return data;
  }
  const bool own_table = source == "table";
  if (options.data.empty() && !own_table) return open_generated(options, model);
  if (!model.preprocessing)
    throw ModelError(model.file.string() + ": was not trained on a table, so it cannot read " +
                     (options.data.empty() ? "one" : options.data) + "; give a task file (.safetensors)");
  TableOptions table = own_table ? model.config.tasks.table : model.preprocessing->options;
  if (options.data.empty()) {
    for (const std::string& file : table_files(table.path))
      if (!std::filesystem::exists(file))
        throw DataError(file + ": the data that the model was trained on is not there; give --data");
    warn_of_other_data(model, table.path);
  } else {
    table.path = options.data;
  }
  require_classes_to_stratify(table, model.config.loss);
  if (phases == Phases::split && model.config.seed != model.trained.seed)
    throw InvalidArgument("seed " + std::to_string(model.config.seed) + ": " + model.file.string() +
                          " was trained with seed " + std::to_string(model.trained.seed) +
                          ", which decides which of its tasks are test tasks");
  OpenedData data =
      opened(table.path, make_table_source(table, *model.preprocessing, targets_of(model.config.loss), needed,
                                           phases, model.config.seed));
  data.run = RunTasks(model.metadata, model.file.string());
  if (cut_otherwise(table, model.preprocessing->options) && is_own_data(options, model)) {
    // Of such tasks the run knows nothing, but it may know their rows.
    std::fprintf(stderr,
                 "shoal: warning: %s: the model was trained on this file, cut into other tasks: it may have "
                 "learned from rows of these\n",
                 printable(table.path).c_str());
    data.run = RunTasks();
  } else if (!data.run.known() && is_own_data(options, model)) {
    data.run = phases == Phases::split ? RunTasks::of(*data.source, false) : split_again(model, table);
  }
  data.options = std::move(table);
  return data;
}

void report_left_out(const OpenedData& data, const CommonOptions& options) {
  if (options.quiet || !data.table) return;
  for (const std::string& note : data.table->notes()) std::fprintf(stderr, "shoal: %s\n", note.c_str());
  for (const std::string& line : left_out_lines(data.table->left_out()))
    std::fprintf(stderr, "shoal: %s: %s\n", printable(data.file).c_str(), line.c_str());
}

nlohmann::ordered_json left_out_json(const OpenedData& data) {
  return data.table ? left_out_json(data.table->left_out()) : nullptr;
}

}  // namespace shoal::cli
