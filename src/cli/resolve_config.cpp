// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "cli/config/config_file.hpp"
#include "cli/idle_overrides.hpp"
#include "cli/options.hpp"

namespace shoal::cli {

RunConfig resolve_config(const CommonOptions& options, const RunConfig* trained) {
  ConfigDraft draft = draft_of(trained ? *trained : RunConfig{});
  if (!options.config.empty()) read_config_file(options.config, draft);
  const auto from_environment = [&](const char* variable, const char* key) {
    if (const char* value = std::getenv(variable); value && *value)
      override_config(key, value, std::string(variable) + "=" + value, draft);
  };
  from_environment("SHOAL_BACKEND", "backend");
  from_environment("SHOAL_THREADS", "threads");
  from_environment("SHOAL_ISA", "isa");
  if (!trained) from_environment("SHOAL_SEED", "seed");
  for (const std::string& assignment : options.overrides) override_config(assignment, draft);
  const auto from_flag = [&](const char* key, const std::optional<std::string>& value) {
    if (value) override_config(key, *value, std::string("--") + key + " " + *value, draft);
  };
  from_flag("backend", options.backend);
  from_flag("threads", options.threads);
  from_flag("isa", options.isa);
  from_flag("math", options.math);
  from_flag("seed", options.seed);
  if (!options.tasks.empty()) {
    draft.config.tasks.source = "file";
    draft.config.tasks.table.path = options.tasks;
  }
  tell_idle_keys(options.overrides, draft);
  return finished(draft);
}

}  // namespace shoal::cli
