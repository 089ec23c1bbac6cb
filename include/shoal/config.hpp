// SPDX-License-Identifier: Apache-2.0
// The configuration of a run as TOML text: read from a file, overridden key by key, printed.
// docs/configuration.md lists every key.
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

/// A value that takes the place of what a configuration says under one key.
struct ConfigOverride {
  std::string key;       ///< e.g. "train.lr"
  std::string value;     ///< TOML (0.5, [3, 4], "text"), or bare text where the key holds text
  std::string origin;    ///< what errors call it, e.g. "--set train.lr=0.5"
  bool literal = false;  ///< `value` is the text itself, whatever it begins with; for keys that hold text

  ConfigOverride(std::string override_key, std::string override_value, std::string override_origin,
                 bool is_literal = false)
      : key(std::move(override_key)),
        value(std::move(override_value)),
        origin(std::move(override_origin)),
        literal(is_literal) {}
  /// From "key=value"; `prefix` stands before it in errors. Throws InvalidArgument where there is no key or
  /// no "=".
  ConfigOverride(const std::string& assignment, const std::string& prefix = "");  // NOLINT: meant to convert
  ConfigOverride(const char* assignment) : ConfigOverride(std::string(assignment)) {}  // NOLINT: the same
};

/// The configuration of a file over `base`, with overrides over both (a later one over an earlier one). An
/// empty `file` is none; relative paths in a file are relative to its folder, in an override to the current
/// one. Warns of overrides that the configuration has no use for. Throws InvalidArgument with file, line,
/// column and key: text that is not TOML, an unknown key (with a suggestion), a value of another type or out
/// of range, an algorithm that does not fit together; ResourceError when the file cannot be read.
RunConfig load_config(const std::filesystem::path& file, const std::vector<ConfigOverride>& overrides = {},
                      const Notify& notify = {}, const RunConfig& base = {});

/// Which keys are printed. `of_model`: those that a model's bytes may depend on, so neither where the run
/// happened nor in which folders its files lay. `of_training`: of these, those that every iteration depends
/// on, and that a resumed run must therefore agree with.
enum class ConfigScope { everything, of_model, of_training };
/// TOML that load_config reads back to the same configuration.
std::string to_toml(const RunConfig& config, ConfigScope scope = ConfigScope::everything);

}  // namespace shoal
