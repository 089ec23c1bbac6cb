// SPDX-License-Identifier: Apache-2.0
#include "run/manifest.hpp"

#include <nlohmann/json.hpp>

#include <shoal/config.hpp>
#include <shoal/machine.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/version.hpp>

#include "run/run_data.hpp"

namespace shoal {
namespace {

using nlohmann::ordered_json;

std::string text_of(const ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

std::string manifest_without_data(const RunConfig& config, const char* precision) {
  std::string text = std::string("version ") + SHOAL_VERSION + "\nprecision " + precision + "\n" +
                     to_toml(config, ConfigScope::of_training);
  if (config.train.optimizer.schedule == Schedule::cosine)
    text += "the cosine schedule makes every rate depend on iterations = " +
            std::to_string(config.train.iterations) + "\n";
  return text;
}

}  // namespace

InputHashes input_hashes(const RunConfig& config, const TrainingTables& tables) {
  InputHashes hashes;
  const std::string& path = config.tasks.table.path;
  if (!tables.training.empty()) {
    hashes[memory_table_name] = sha256_of_table(tables.training);
    if (!tables.validation.empty()) hashes["validation table"] = sha256_of_table(tables.validation);
  } else if (config.tasks.source == TaskSourceKind::table)
    for (const std::string& file : table_files(path)) hashes[file] = sha256_of_file(file);
  if (config.tasks.source == TaskSourceKind::file) hashes[path] = sha256_of_file(path);
  if (!config.train.warm_start.empty()) {
    const std::filesystem::path file = model_file(config.train.warm_start);
    hashes[file.string()] = sha256_of_file(file);
  }
  return hashes;
}

RunConfig with_absolute_paths(RunConfig config) {
  for (std::string* path : {&config.tasks.table.path, &config.train.warm_start})
    if (!path->empty()) *path = std::filesystem::absolute(*path).string();
  return config;
}

std::string manifest_of(const RunConfig& config, const InputHashes& hashes, const char* precision) {
  std::string text = manifest_without_data(config, precision);
  for (const auto& [file, hash] : hashes) text += "input " + hash + "\n";
  return text;
}

std::string manifest_by_tasks(const RunConfig& config, const std::string& tasks, const char* precision) {
  RunConfig without_tasks = config;
  without_tasks.tasks = {};
  std::string text = manifest_without_data(without_tasks, precision) + "tasks " + tasks + "\n";
  if (!config.train.warm_start.empty())
    text += "warm start " + sha256_of_file(model_file(config.train.warm_start)) + "\n";
  return text;
}

ModelMetadata metadata_of(const RunConfig& config, const InputHashes& hashes, const OpenedData& data) {
  ModelMetadata metadata = {{"config", to_toml(config, ConfigScope::of_model)}, {"version", SHOAL_VERSION}};
  if (data.table) metadata["preprocessing"] = to_json(data.table->preprocessing());
  ordered_json inputs;
  for (const auto& [file, hash] : hashes) inputs[table_file_name(config.tasks.table.path, file)] = hash;
  if (!inputs.empty()) metadata["inputs"] = text_of(inputs, -1);
  RunTasks tasks = RunTasks::of(*data.source, config.tasks.source == TaskSourceKind::file);
  if (!config.train.warm_start.empty()) {
    const std::filesystem::path file = model_file(config.train.warm_start);
    tasks.add_warm_start(RunTasks(read_metadata(file), file.string()));
  }
  tasks.put(metadata);
  return metadata;
}

std::string run_json(const RunConfig& config, const InputHashes& hashes, const Context& context) {
  const ordered_json run = {{"version", SHOAL_VERSION},          {"seed", config.seed},
                            {"config", to_toml(config)},         {"inputs", hashes},
                            {"backend", context.backend_name()}, {"backend_reason", context.reason()},
                            {"threads", context.threads()},      {"isa", to_string(context.isa())},
                            {"machine", machine_name()}};
  return printable_json(text_of(run, 2)) + "\n";
}

}  // namespace shoal
