// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration (docs/configuration.md) in one table: its name, type, default (that of
// RunConfig) and meaning. Reading, printing, suggestions and docs/configuration.md all come from it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <shoal/run_config.hpp>

namespace shoal::config {

using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

/// A configuration while it is read: the algorithm is put together at the end, from its name and options.
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
  /// Throws InvalidArgument with what is wrong about the value (not where).
  std::function<void(ConfigDraft&, const ConfigValue&)> set;
  /// Whether it is printed; a few only make sense when set.
  std::function<bool(const ConfigDraft&)> present = [](const ConfigDraft&) { return true; };
  /// Where the run happens rather than what it computes: left out of a model's metadata.
  bool of_machine = false;
  /// Changes no bit of the iterations of a training, only how many there are, what is told of them or which
  /// is kept: may differ when a run is resumed.
  bool same_training = false;
  /// Names a file or folder: relative to the configuration's folder; a model's metadata has only the last
  /// part.
  bool is_path = false;
};

const std::vector<ConfigKey>& config_keys();

/// A draft of a finished configuration, and back.
ConfigDraft draft_of(const RunConfig& config);
RunConfig finished(const ConfigDraft& draft);

}  // namespace shoal::config
