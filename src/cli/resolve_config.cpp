// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <iterator>

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

TableOptions resolve_table_format(const CommonOptions& options) {
  constexpr const char* used[] = {"tasks.delimiter", "tasks.decimal",       "tasks.thousands",
                                  "tasks.units",     "tasks.missing_words", "tasks.skip_rows",
                                  "tasks.comment",   "tasks.time_format"};
  for (const std::string& assignment : options.overrides) {
    const std::string key = ConfigOverride(assignment, "--set ").key;
    if (key != "tasks" && std::find(std::begin(used), std::end(used), key) == std::end(used))
      tell_warning(notices(options),
                   "--set " + key + ": has no effect here: only how the table is written matters");
  }
  // Its own warnings are about tasks of a generator, which the defaults have: there these keys mean nothing.
  return load_config(options.config, overrides_of(options, Base::defaults), {}).tasks.table;
}

void warn_of_configuration(const CommonOptions& options) {
  if (!options.config.empty())
    tell_warning(notices(options), "--config: has no effect here: the command takes no configuration");
  for (const std::string& assignment : options.overrides)
    tell_warning(notices(options), "--set " + ConfigOverride(assignment, "--set ").key +
                                       ": has no effect here: the command takes no configuration");
}

}  // namespace shoal::cli
