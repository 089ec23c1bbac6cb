// SPDX-License-Identifier: Apache-2.0
// --sweep-plans: every admissible launch plan of a shape on the cuda backend, timed, so that minutes on a GPU
// are enough to correct the data that plans are chosen by (src/cuda/plan/architecture.hpp).
#pragma once

#include <cstdint>
#include <string_view>

namespace shoal::bench {

/// Prints one JSON line per plan, in the order of the model that chooses them, then one that names the
/// fastest. `tasks` 0: as many as keep a large device busy. Returns an exit code: 5 when two plans differ in
/// a bit. Throws InvalidArgument for a shape that there is not, ResourceError without a device.
int sweep_plans(std::string_view shape, std::int64_t tasks);

}  // namespace shoal::bench
