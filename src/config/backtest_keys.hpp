// SPDX-License-Identifier: Apache-2.0
// The configuration keys of backtests and of the risk that they forecast.
#pragma once

#include <vector>

#include "config/config_keys.hpp"

namespace shoal::config {

/// Appends the keys of [risk], then those of [backtest].
void add_risk(std::vector<ConfigKey>& keys);
void add_backtest(std::vector<ConfigKey>& keys);

}  // namespace shoal::config
