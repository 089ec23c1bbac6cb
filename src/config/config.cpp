// SPDX-License-Identifier: Apache-2.0
#include <shoal/config.hpp>

#include <shoal/error.hpp>

#include "config/config_file.hpp"
#include "config/unused_keys.hpp"

namespace shoal {

ConfigOverride::ConfigOverride(const std::string& assignment, const std::string& prefix)
    : origin(prefix + assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) throw InvalidArgument(origin + ": expected key=value");
  key = assignment.substr(0, equals);
  value = assignment.substr(equals + 1);
}

RunConfig default_config() {
  return {};
}

RunConfig load_config(const std::filesystem::path& file, const std::vector<ConfigOverride>& overrides,
                      const Notify& notify, const RunConfig& base) {
  config::ConfigDraft draft = config::draft_of(base);
  if (!file.empty()) config::read_config_file(file, draft);
  for (const ConfigOverride& change : overrides) config::override_config(change, draft);
  for (std::string& sentence : config::unused_overrides(overrides, draft))
    tell_warning(notify, std::move(sentence));
  return config::finished(draft);
}

std::vector<std::string> config_keys_in(const std::string& text, const std::string& name) {
  return config::keys_in(text, name);
}

RunConfig parse_config(const std::string& text, const std::string& name, const RunConfig& base) {
  config::ConfigDraft draft = config::draft_of(base);
  config::read_config(text, name, "", draft);
  return config::finished(draft);
}

}  // namespace shoal
