// SPDX-License-Identifier: Apache-2.0
// Finds keys that have no effect on a configuration.
#pragma once

#include <string>
#include <vector>

#include <shoal/config.hpp>

#include "config/config_keys.hpp"

namespace shoal::config {

/// Explains why a key has no effect in a configuration, for every command; null when it may have an effect.
const char* unused_reason(const ConfigKey& key, const ConfigDraft& draft);

/// The override of a key; null when there is none.
const ConfigOverride* override_of(const ConfigKey& key, const std::vector<ConfigOverride>& overrides);
/// The name of an override in messages: its origin without the value ("--set train.lr").
std::string label_of(const ConfigOverride& change);

/// One sentence for every override that has no effect on the configuration, e.g. loss.delta without huber.
std::vector<std::string> unused_overrides(const std::vector<ConfigOverride>& overrides,
                                          const ConfigDraft& draft);

}  // namespace shoal::config
