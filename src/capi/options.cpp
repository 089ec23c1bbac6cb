// SPDX-License-Identifier: Apache-2.0
#include "capi/options.hpp"

#include <algorithm>
#include <string>

#include <shoal/config.hpp>
#include <shoal/error.hpp>

namespace shoal::capi {

RunConfig options_of(const char* toml, std::span<const std::string_view> keys) {
  const std::string text = toml ? toml : "";
  for (const std::string& key : config_keys_in(text, "options")) {
    const bool known = std::any_of(keys.begin(), keys.end(), [&](std::string_view name) {
      return name.ends_with('.') ? key.starts_with(name) : key == name;
    });
    if (!known) throw InvalidArgument("options: " + key + " has no meaning here");
  }
  return parse_config(text, "options");
}

}  // namespace shoal::capi
