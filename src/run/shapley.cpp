// SPDX-License-Identifier: Apache-2.0
#include "run/shapley.hpp"

#include <bit>
#include <cstddef>

namespace shoal {

std::vector<double> shapley_values(std::span<const double> worth) {
  const auto players = static_cast<std::size_t>(std::bit_width(worth.size()) - 1);
  // The weight of a coalition of s others: s! (n - s - 1)! / n! = 1 / (n binomial(n - 1, s)).
  std::vector<double> weight;
  weight.reserve(players);
  double binomial = 1.0;
  for (std::size_t s = 0; s < players; ++s) {
    weight.push_back(1.0 / (static_cast<double>(players) * binomial));
    binomial = binomial * static_cast<double>(players - 1 - s) / static_cast<double>(s + 1);
  }
  std::vector<double> values(players, 0.0);
  for (std::size_t player = 0; player < players; ++player) {
    const std::size_t bit = std::size_t{1} << player;
    for (std::size_t others = 0; others < worth.size(); ++others)
      if ((others & bit) == 0)
        values[player] +=
            weight[static_cast<std::size_t>(std::popcount(others))] * (worth[others | bit] - worth[others]);
  }
  return values;
}

}  // namespace shoal
