// SPDX-License-Identifier: Apache-2.0
#include "core/random.hpp"

#include <algorithm>
#include <utility>

namespace shoal {

std::vector<std::int64_t> permutation(std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                                      std::int64_t n) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    // The index is used as the task of the stream, the epoch as its step and element.
    const RandomStream stream(seed, purpose, static_cast<std::uint64_t>(i),
                              static_cast<std::uint32_t>(epoch >> 29));
    const auto element = static_cast<std::uint32_t>(epoch & 0x1fffffffu) * 4;
    keys[static_cast<std::size_t>(i)] = {std::uint64_t{stream.bits(element)} << 32 | stream.bits(element + 1),
                                         i};
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::int64_t> order;
  order.reserve(keys.size());
  for (const auto& [key, index] : keys) order.push_back(index);
  return order;
}

}  // namespace shoal
