// SPDX-License-Identifier: Apache-2.0
// The configuration as TOML text: read, overridden, printed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/config/config_keys.hpp"

namespace shoal::cli {

/// Reads TOML text onto `draft`. `source` names it in errors (line and column are added); relative paths in
/// it are relative to `folder`. Throws InvalidArgument: not TOML, unknown key (with a suggestion), wrong type
/// or range.
void read_config(const std::string& text, const std::string& source, const std::filesystem::path& folder,
                 ConfigDraft& draft);
void read_config_file(const std::filesystem::path& file, ConfigDraft& draft);
/// One key of the command line or the environment: the value in TOML, or bare text. `source` names it in
/// errors.
void override_config(const std::string& key, const std::string& value, const std::string& source,
                     ConfigDraft& draft);
/// `key=value` of --set.
void override_config(const std::string& assignment, ConfigDraft& draft);

/// `of_model`: what a model's bytes may depend on: not where the run happened, nor where its files lay.
/// `of_training`: of that, what every iteration depends on, and what a resumed run must therefore agree with.
enum class ConfigScope { everything, of_model, of_training };
/// TOML that reads back to the same configuration.
std::string print_config(const RunConfig& config, ConfigScope scope = ConfigScope::everything);

}  // namespace shoal::cli
