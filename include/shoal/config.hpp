// SPDX-License-Identifier: Apache-2.0
// Configurations of runs as TOML text: read from a file, overridden key by key, printed.
// docs/configuration.md lists every key.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::RunConfig config = shoal::load_config("clients.toml", {"train.lr=0.01", "seed=3"});
//   std::cout << shoal::to_toml(config);
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>

namespace shoal {

/// A value that replaces the one that a configuration has for a key.
struct ConfigOverride {
  std::string key;  ///< e.g. "train.lr"
  /// TOML (0.5, [3, 4], "text"); where the key holds text, the text may stand without quotes
  std::string value;
  std::string origin;  ///< how errors name this override, e.g. "--set train.lr=0.5"
  /// for keys that hold text: `value` is the text itself, even if it begins with a quote
  bool literal = false;

  ConfigOverride(std::string override_key, std::string override_value, std::string override_origin,
                 bool is_literal = false)
      : key(std::move(override_key)),
        value(std::move(override_value)),
        origin(std::move(override_origin)),
        literal(is_literal) {}
  /// Parses "key=value". Errors name the override as `prefix` followed by `assignment`. Throws
  /// InvalidArgument when the key or the "=" is missing.
  ConfigOverride(const std::string& assignment, const std::string& prefix = "");  // NOLINT: meant to convert
  ConfigOverride(const char* assignment) : ConfigOverride(std::string(assignment)) {}  // NOLINT: the same
};

/// The default of every key of docs/configuration.md.
RunConfig default_config();

/// Reads a configuration. Values of the file replace those of `base`, and overrides replace both; the last
/// override of a key wins. An empty `file` means no file. A relative path in the file is relative to the
/// file's folder; one in an override is relative to the current folder. `notify` gets a warning for every
/// override that has no effect on this configuration. Throws InvalidArgument, naming file, line, column and
/// key, for text that is not TOML, an unknown key (with a suggestion), a value of a wrong type or out of
/// range, and options of an algorithm that contradict each other. Throws ResourceError when the file cannot
/// be read.
RunConfig load_config(const std::filesystem::path& file, const std::vector<ConfigOverride>& overrides = {},
                      const Notify& notify = {}, const RunConfig& base = default_config());
/// The same of TOML text; errors call it `name`. Relative paths in it stay relative.
RunConfig parse_config(const std::string& text, const std::string& name,
                       const RunConfig& base = default_config());

/// The keys that such a text sets, for callers that give only some of them a meaning.
std::vector<std::string> config_keys_in(const std::string& text, const std::string& name);

/// Which keys to_toml prints. `of_model`: the keys that can change a model's bytes; that excludes the folders
/// of input files and where the run computes. `of_training`: those of `of_model` that every iteration depends
/// on, so that a resumed run must have the same.
enum class ConfigScope { everything, of_model, of_training };
/// Prints the configuration as TOML. load_config reads it back to the same configuration.
std::string to_toml(const RunConfig& config, ConfigScope scope = ConfigScope::everything);

}  // namespace shoal
