// SPDX-License-Identifier: Apache-2.0
// All keys of the configuration in one table: name, type, default (that of RunConfig) and meaning. Reading,
// printing, suggestions and docs/configuration.md use this table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <shoal/run_config.hpp>

namespace shoal::config {

/// A table whose values are lists of texts.
using NamedTexts = std::map<std::string, std::vector<std::string>>;
using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>, NamedTexts>;

/// A configuration while it is being read. The algorithm is made at the end, from its name and options.
struct ConfigDraft {
  RunConfig config;
  std::string algorithm = "maml";
  AlgorithmOptions inner;
};

struct ConfigKey {
  std::string path;  ///< e.g. "train.lr"
  std::string type;  ///< "integer", "number", "text", "true or false", "list of ..."
  std::string doc;
  std::function<ConfigValue(const ConfigDraft&)> get;
  /// Throws InvalidArgument, saying what is wrong about the value but not where it stands.
  std::function<void(ConfigDraft&, const ConfigValue&)> set;
  /// Whether to_toml() prints the key; some keys are printed only when they are set.
  std::function<bool(const ConfigDraft&)> present = [](const ConfigDraft&) { return true; };
  /// The key says where the run computes, not what. A model's metadata leaves it out.
  bool of_machine = false;
  /// The key changes no bit of any iteration, only how many there are, what is reported about them, or which
  /// model is kept. So it may differ when a run is resumed.
  bool same_training = false;
  /// The value is a path of a file or folder. A relative path is relative to the configuration's folder. A
  /// model's metadata has only the last part of the path.
  bool is_path = false;
};

const std::vector<ConfigKey>& config_keys();

/// Converts a configuration to a draft, and back.
ConfigDraft draft_of(const RunConfig& config);
RunConfig finished(const ConfigDraft& draft);

}  // namespace shoal::config
