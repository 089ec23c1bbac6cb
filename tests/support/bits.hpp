// SPDX-License-Identifier: Apache-2.0
// Bits of floats, so that comparisons distinguish -0 from 0 and one NaN from another.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace shoal::testing {

inline std::vector<std::uint32_t> bits(std::span<const float> values) {
  std::vector<std::uint32_t> result;
  for (const float value : values) result.push_back(std::bit_cast<std::uint32_t>(value));
  return result;
}
inline std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  return bits(std::span<const float>(values));
}

}  // namespace shoal::testing
