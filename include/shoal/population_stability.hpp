// SPDX-License-Identifier: Apache-2.0
// Population stability index: how far the distribution of a feature or a score has moved.
//
// Example:
//
//   const std::vector<double> then = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, now = {4, 5, 6, 7, 8, 9, 10, 11};
//   std::printf("PSI %.3f\n", shoal::population_stability_index(then, now));
#pragma once

#include <cstdint>
#include <span>

namespace shoal {

/// Sum over groups of (a - e) ln(a / e), e and a being the shares of `expected` and `actual`; a share of 0
/// counts 1e-4. Both [groups], rows per group, at least one row each. Throws InvalidArgument otherwise.
double population_stability_index(std::span<const std::int64_t> expected,
                                  std::span<const std::int64_t> actual);

/// The same with the deciles of `expected` as the bounds of ten groups (linear interpolation between order
/// statistics, type 7): a group holds the values above its lower bound up to its upper one, the first and the
/// last what lies beyond. Values are finite, in any order, at least one on either side.
double population_stability_index(std::span<const double> expected, std::span<const double> actual);

}  // namespace shoal
