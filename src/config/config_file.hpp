// SPDX-License-Identifier: Apache-2.0
// Reads configurations as TOML text.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <shoal/config.hpp>

#include "config/config_keys.hpp"

namespace shoal::config {

/// Reads TOML text into `draft`. Errors name `source`, line and column. Relative paths in the text are
/// relative to `folder`. Throws InvalidArgument for text that is not TOML, an unknown key (with a
/// suggestion), and a value of a wrong type or out of range.
void read_config(const std::string& text, const std::string& source, const std::filesystem::path& folder,
                 ConfigDraft& draft);
/// The keys that the text sets, in its order. Throws as read_config does.
std::vector<std::string> keys_in(const std::string& text, const std::string& source);
void read_config_file(const std::filesystem::path& file, ConfigDraft& draft);
/// Sets the value of one key. When the value is refused, the draft does not change.
void override_config(const ConfigOverride& change, ConfigDraft& draft);

}  // namespace shoal::config
