// SPDX-License-Identifier: Apache-2.0
#include "cli/opened_data.hpp"

#include <cstdio>
#include <fstream>

#include <shoal/quoted_text.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal::cli {
namespace {

/// Whether a file looks like safetensors: a JSON header behind eight bytes that give its length.
bool is_task_file(const std::string& file) {
  if (file.ends_with(".safetensors")) return true;
  if (!std::filesystem::is_regular_file(file)) return false;  // a pipe is not opened to find out
  std::ifstream stream(file, std::ios::binary);
  unsigned char start[9] = {};
  stream.read(reinterpret_cast<char*>(start), sizeof start);
  return stream.gcount() == sizeof start && start[8] == '{' && start[7] == 0 && start[6] == 0;
}

OpenedData opened(std::string file, std::unique_ptr<TaskSource> source) {
  OpenedData data{std::move(file), std::move(source), nullptr};
  data.table = dynamic_cast<const TableSource*>(data.source.get());
  return data;
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

}  // namespace

OpenedData open_source(const RunConfig& config) {
  const bool reads = config.tasks.source == "table" || config.tasks.source == "file";
  return opened(reads ? config.tasks.table.path : "", make_task_source(config));
}

OpenedData open_data(const CommandOptions& options, const TrainedModel& model, TargetsNeeded needed) {
  const bool own_table = model.config.tasks.source == "table", own_file = model.config.tasks.source == "file";
  const bool is_file = options.data.empty() ? own_file : is_task_file(options.data);
  if (is_file) {
    const std::string file = options.data.empty() ? model.config.tasks.table.path : options.data;
    const FileTargets targets{
        .loss = model.config.loss,
        .needed = needed,
        .units = model.preprocessing ? model.preprocessing->target_units : TargetUnits{}};
    return opened(file, make_file_source(file, model.config.seed, targets));
  }
  if (options.data.empty() && !own_table) return open_source(model.config);
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
  return opened(table.path, make_table_source(table, *model.preprocessing, targets_of(model.config.loss),
                                              needed, options.data.empty() ? Phases::split : Phases::all_test,
                                              model.config.seed));
}

void report_left_out(const OpenedData& data, const CommonOptions& options) {
  if (options.quiet || !data.table) return;
  for (const std::string& note : data.table->notes()) std::fprintf(stderr, "shoal: %s\n", note.c_str());
  if (data.table->left_out().nothing()) return;
  const LeftOut& left = data.table->left_out();
  const auto line = [&](std::int64_t count, const std::string& what) {
    if (count > 0)
      std::fprintf(stderr, "shoal: %s: left out: %lld %s\n", data.file.c_str(), static_cast<long long>(count),
                   what.c_str());
  };
  line(left.rows, "rows with a missing value");
  line(left.keys, "keys with too few rows for a task, e.g. \"" + left.example + "\"");
  line(left.windows, "tasks that straddle a boundary in time or lack a target to adapt on");
  if (const auto& unknown = left.unknown_categories; !unknown.empty())
    std::fprintf(stderr, "shoal: %s: %zu categories that no meta-train row had, read as none, e.g. %s\n",
                 data.file.c_str(), unknown.size(), unknown.front().c_str());
}

nlohmann::ordered_json left_out_json(const OpenedData& data) {
  if (!data.table || data.table->left_out().nothing()) return nullptr;
  const LeftOut& left = data.table->left_out();
  nlohmann::ordered_json json = {
      {"rows", left.rows}, {"keys", left.keys}, {"windows", left.windows}, {"example", left.example}};
  if (!left.unknown_categories.empty()) json["unknown_categories"] = left.unknown_categories;
  return json;
}

}  // namespace shoal::cli
