// SPDX-License-Identifier: Apache-2.0
// Daily returns of an asset whose volatility has regimes, jumps and leverage (docs/definitions.md,
// market-regimes). Every number is a function of seed, purpose and asset alone.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace shoal::finance {

struct SimulatedReturns {
  std::vector<double> returns;        ///< percent
  std::vector<double> true_variance;  ///< expected squared return given everything before the day, percent^2
};

/// The first `days` days of an asset. A longer series begins with a shorter one.
SimulatedReturns simulate_returns(std::uint64_t seed, Purpose purpose, std::int64_t asset, std::int64_t days);

}  // namespace shoal::finance
