// SPDX-License-Identifier: Apache-2.0
// --compare-plans: times some launch plans of the cuda backend for a shape against the first of them, in one
// process and in turns, so that clocks and temperature are the same for both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::bench {

/// Prints one JSON line per plan as soon as it is known; a plan that cannot run says why ("not_run").
/// `plans`: texts of ContextOptions::cuda_plan. `tasks` = 0: as many tasks as keep a large device busy.
/// Returns an exit code: 5 when two plans differ in a bit, 6 when none can run. Throws InvalidArgument for an
/// unknown shape or plan, and ResourceError without a device.
int compare_plans(std::string_view shape, const std::vector<std::string>& plans, std::int64_t tasks);

}  // namespace shoal::bench
