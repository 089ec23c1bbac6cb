// SPDX-License-Identifier: Apache-2.0
// Options of the C interface: TOML text with the keys of the configuration, as far as they mean something.
#pragma once

#include <span>
#include <string_view>

#include <shoal/run_config.hpp>

namespace shoal::capi {

/// Reads the text; NULL is "". `keys`: those that have a meaning; "loss." stands for all of a table. Throws
/// InvalidArgument, naming line and column, for text that is not TOML, an unknown key, a value out of range,
/// and a key without a meaning here.
RunConfig options_of(const char* toml, std::span<const std::string_view> keys);

}  // namespace shoal::capi
