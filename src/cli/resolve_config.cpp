// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "cli/options.hpp"
#include "cli/session.hpp"

namespace shoal::cli {

std::vector<ConfigOverride> overrides_of(const CommonOptions& options, Base base) {
  std::vector<ConfigOverride> overrides;
  const auto from_environment = [&](const char* variable, const char* key) {
    if (const char* value = std::getenv(variable); value && *value)
      overrides.emplace_back(key, value, std::string(variable) + "=" + value);
  };
  from_environment("SHOAL_BACKEND", "backend");
  from_environment("SHOAL_THREADS", "threads");
  from_environment("SHOAL_ISA", "isa");
  if (base == Base::defaults) from_environment("SHOAL_SEED", "seed");
  for (const std::string& assignment : options.overrides) overrides.emplace_back(assignment, "--set ");
  const auto from_flag = [&](const char* key, const std::optional<std::string>& value) {
    if (value) overrides.emplace_back(key, *value, std::string("--") + key + " " + *value);
  };
  from_flag("backend", options.backend);
  from_flag("threads", options.threads);
  from_flag("isa", options.isa);
  from_flag("math", options.math);
  from_flag("seed", options.seed);
  if (!options.tasks.empty()) {
    const std::string origin = "--tasks " + options.tasks;
    overrides.emplace_back("tasks.source", "file", origin);
    overrides.emplace_back("tasks.path", options.tasks, origin, true);
  }
  return overrides;
}

RunConfig resolve_config(const CommonOptions& options) {
  return load_config(options.config, overrides_of(options, Base::defaults), notices(options));
}

}  // namespace shoal::cli
