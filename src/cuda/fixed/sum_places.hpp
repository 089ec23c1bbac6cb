// SPDX-License-Identifier: Apache-2.0
// The order in which a kernel made for a shape lays its sums over tasks.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/fixed/plan.hpp"

namespace shoal::cuda {

/// [P] for every float of theta in the device's padded layout: its place in the sums, -1 for padding.
std::vector<std::int32_t> sum_places(const kernels::FixedShape& shape);

}  // namespace shoal::cuda
