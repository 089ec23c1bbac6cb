// SPDX-License-Identifier: Apache-2.0
// Keys that a configuration has no use for.
#pragma once

#include <string>
#include <vector>

#include <shoal/config.hpp>

#include "config/config_keys.hpp"

namespace shoal::config {

/// Why a key has no effect in a configuration, whatever is done with it; null when it may have one.
const char* unused_reason(const ConfigKey& key, const ConfigDraft& draft);

/// The override of a key; null where there is none.
const ConfigOverride* override_of(const ConfigKey& key, const std::vector<ConfigOverride>& overrides);
/// How messages call an override: its origin without the value ("--set train.lr").
std::string label_of(const ConfigOverride& change);

/// A sentence for every override that the configuration has no use for, e.g. loss.delta without huber.
std::vector<std::string> unused_overrides(const std::vector<ConfigOverride>& overrides,
                                          const ConfigDraft& draft);

}  // namespace shoal::config
