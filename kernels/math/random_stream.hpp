// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers (contract N4): a draw is a function of seed, purpose, task, step and element
// only, the same on the host and in kernels.
//
//   key     = (low word of the seed, high word of the seed XOR purpose * 0x9e3779b1)
//   counter = (element / 4, step, low word of the task id, high word of the task id)
//   the draw is word element % 4 of the block that Philox returns
#pragma once

#include "kernels/math/normal_quantile.hpp"
#include "kernels/math/philox.hpp"

namespace shoal::kernels {

class RandomStream {
 public:
  SHOAL_HD RandomStream(std::uint64_t seed, std::uint32_t purpose, std::uint64_t task, std::uint32_t step = 0)
      : key_{{static_cast<std::uint32_t>(seed),
              static_cast<std::uint32_t>(seed >> 32) ^ purpose * 0x9e3779b1u}},
        step_(step),
        task_low_(static_cast<std::uint32_t>(task)),
        task_high_(static_cast<std::uint32_t>(task >> 32)) {}

  SHOAL_HD std::uint32_t bits(std::uint32_t element) const {
    const std::uint32_t block = element / 4;
    if (block != block_) {
      words_ = philox({{block, step_, task_low_, task_high_}}, key_);
      block_ = block;
    }
    return words_.word[element % 4];
  }
  /// [0, 1), a multiple of 2^-24.
  SHOAL_HD float uniform(std::uint32_t element) const {
    return static_cast<float>(bits(element) >> 8) * 0x1p-24f;
  }
  /// low + (high - low) u in fp32.
  SHOAL_HD float uniform(std::uint32_t element, float low, float high) const {
    return fma(high - low, uniform(element), low);
  }
  /// Standard normal: its quantile function at (k + 1/2) 2^-24, k the upper 24 bits.
  SHOAL_HD float normal(std::uint32_t element) const { return normal_above(element, 0.0f); }
  /// Standard normal under the condition |x| <= 2, by its quantile function.
  SHOAL_HD float truncated_normal(std::uint32_t element) const {
    return normal_above(element, 0.0227501319481792f);  // Phi(-2)
  }

 private:
  /// The standard normal without the probability mass `cut` at either end. Exactly symmetric: the upper half
  /// is the mirror image of the lower one.
  SHOAL_HD float normal_above(std::uint32_t element, float cut) const {
    const auto k = static_cast<std::int32_t>(bits(element) >> 8);
    const bool upper = k >= (1 << 23);
    const std::int32_t from_below = upper ? (1 << 24) - 1 - k : k;
    const float u = (static_cast<float>(from_below) + 0.5f) * 0x1p-24f;  // in (0, 1/2)
    const float quantile = normal_quantile(fma(u, 1.0f - 2.0f * cut, cut));
    return upper ? -quantile : quantile;
  }

  PhiloxKey key_;
  std::uint32_t step_, task_low_, task_high_;
  mutable std::uint32_t block_ = 0xffffffffu;  ///< the block in `words_`, shared by four elements
  mutable PhiloxCounter words_{};
};

}  // namespace shoal::kernels
