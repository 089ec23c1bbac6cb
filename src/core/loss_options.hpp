// SPDX-License-Identifier: Apache-2.0
// Converts the options of a loss for kernels/math/losses.hpp.
#pragma once

#include <shoal/loss.hpp>

#include "kernels/math/network.hpp"

namespace shoal {

/// `quantiles` is left null. Code that needs the levels, not only their number, must point it to floats of
/// its own.
inline kernels::LossOptions loss_options(const Loss& loss) {
  return {.kind = loss.kind,
          .delta = static_cast<float>(loss.delta),
          .pos_weight = static_cast<float>(loss.pos_weight),
          .floor = loss.floor ? static_cast<float>(*loss.floor) : -1.0f,
          .quantiles = nullptr,
          .quantile_count = static_cast<int>(loss.quantiles.size())};
}

}  // namespace shoal
