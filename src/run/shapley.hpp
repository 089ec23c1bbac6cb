// SPDX-License-Identifier: Apache-2.0
// Exact Shapley values of a game of a few players.
#pragma once

#include <span>
#include <vector>

namespace shoal {

/// `worth` [2^n], n <= 20: what each coalition of n players is worth; bit i of its place says whether player
/// i is in it. Returns the players' values [n] (Shapley 1953); with worth[0] they sum to the worth of all
/// players.
std::vector<double> shapley_values(std::span<const double> worth);

}  // namespace shoal
