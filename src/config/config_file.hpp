// SPDX-License-Identifier: Apache-2.0
// The configuration as TOML text, read onto a draft.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/config.hpp>

#include "config/config_keys.hpp"

namespace shoal::config {

/// Reads TOML text onto `draft`. `source` names it in errors (line and column are added); relative paths in
/// it are relative to `folder`. Throws InvalidArgument: not TOML, unknown key (with a suggestion), wrong type
/// or range.
void read_config(const std::string& text, const std::string& source, const std::filesystem::path& folder,
                 ConfigDraft& draft);
void read_config_file(const std::filesystem::path& file, ConfigDraft& draft);
/// Puts one value over the draft, which stays as it is when the value is refused.
void override_config(const ConfigOverride& change, ConfigDraft& draft);

}  // namespace shoal::config
