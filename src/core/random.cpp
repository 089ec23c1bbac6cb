// SPDX-License-Identifier: Apache-2.0
#include "core/random.hpp"

#include <algorithm>
#include <utility>

#include "kernels/normal_quantile.hpp"

namespace shoal {

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t task, std::uint32_t step)
    : key_{{static_cast<std::uint32_t>(seed),
            static_cast<std::uint32_t>(seed >> 32) ^ static_cast<std::uint32_t>(purpose) * 0x9e3779b1u}},
      step_(step),
      task_low_(static_cast<std::uint32_t>(task)),
      task_high_(static_cast<std::uint32_t>(task >> 32)) {}

std::uint32_t RandomStream::bits(std::uint32_t element) const {
  const std::uint32_t block = element / 4;
  if (block != block_) {
    words_ = kernels::philox({{block, step_, task_low_, task_high_}}, key_);
    block_ = block;
  }
  return words_.word[element % 4];
}

float RandomStream::uniform(std::uint32_t element) const {
  return static_cast<float>(bits(element) >> 8) * 0x1p-24f;
}

float RandomStream::uniform(std::uint32_t element, float low, float high) const {
  return kernels::fma(high - low, uniform(element), low);
}

float RandomStream::normal(std::uint32_t element) const {
  // Symmetric by construction: the lower half is the mirror image of the upper one, and 1/2 - u is exact.
  const auto k = static_cast<std::int32_t>(bits(element) >> 8);
  const bool upper = k >= (1 << 23);
  const std::int32_t from_below = upper ? (1 << 24) - 1 - k : k;
  const float tail = (static_cast<float>(from_below) + 0.5f) * 0x1p-24f;  // in (0, 1/2)
  const float quantile = kernels::normal_quantile(tail);
  return upper ? -quantile : quantile;
}

float RandomStream::truncated_normal(std::uint32_t element) const {
  constexpr float below = 0.0227501319481792f;  // Phi(-2)
  const auto k = static_cast<std::int32_t>(bits(element) >> 8);
  const bool upper = k >= (1 << 23);
  const std::int32_t from_below = upper ? (1 << 24) - 1 - k : k;
  const float tail =
      kernels::fma((static_cast<float>(from_below) + 0.5f) * 0x1p-24f, 1.0f - 2.0f * below, below);
  const float quantile = kernels::normal_quantile(tail);
  return upper ? -quantile : quantile;
}

std::vector<std::int64_t> permutation(std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                                      std::int64_t n) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    // The index takes the place of the task, the epoch that of step and element.
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
