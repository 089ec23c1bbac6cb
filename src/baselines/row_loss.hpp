// SPDX-License-Identifier: Apache-2.0
// The mean loss of rows in double, for outputs of whatever model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <shoal/loss.hpp>

namespace shoal::baselines {

/// The mean of the loss's terms (docs/definitions.md) over `count` rows: `outputs` [count, outputs],
/// `targets` [count, targets]; softmax takes `labels` [count] instead. NaN without rows.
double mean_loss(const Loss& loss, std::span<const double> outputs, std::span<const double> targets,
                 std::span<const std::int64_t> labels, std::size_t count);

}  // namespace shoal::baselines
