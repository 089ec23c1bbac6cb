// SPDX-License-Identifier: Apache-2.0
// --sweep-plans: times every admissible launch plan of a shape on the cuda backend. A few minutes on a GPU
// give the data to correct the cost model that chooses plans (src/cuda/plan/architecture.hpp).
#pragma once

#include <cstdint>
#include <string_view>

namespace shoal::bench {

/// Prints one JSON line per plan, in the order of the cost model, then a line that names the fastest. `tasks`
/// = 0: as many tasks as keep a large device busy. Returns an exit code; it is 5 when two plans differ in a
/// bit. Throws InvalidArgument for an unknown shape, and ResourceError without a device.
int sweep_plans(std::string_view shape, std::int64_t tasks);

}  // namespace shoal::bench
