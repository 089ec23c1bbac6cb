// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers (contract N4): what a draw is depends on seed, purpose, task, step and element
// alone.
//
//   key     = (low word of the seed, high word of the seed XOR purpose * 0x9e3779b1)
//   counter = (element / 4, step, low word of the task id, high word of the task id); word element % 4 of the
//   block
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/philox.hpp"

namespace shoal {

/// What a stream is for. The numbers are part of the contract: never reuse one.
enum class Purpose : std::uint32_t {
  initial_parameters = 1,
  train_tasks = 2,
  validation_tasks = 3,
  evaluation_tasks = 4,
  epoch_order = 5,
  split = 6,
  rows = 7,
};

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t task, std::uint32_t step = 0);

  std::uint32_t bits(std::uint32_t element) const;
  /// [0, 1), a multiple of 2^-24.
  float uniform(std::uint32_t element) const;
  /// low + (high - low) u in fp32.
  float uniform(std::uint32_t element, float low, float high) const;
  /// Standard normal, by its quantile function at (k + 1/2) 2^-24.
  float normal(std::uint32_t element) const;
  /// Standard normal given |x| <= 2, by its quantile function.
  float truncated_normal(std::uint32_t element) const;

 private:
  kernels::PhiloxKey key_;
  std::uint32_t step_, task_low_, task_high_;
  mutable std::uint32_t block_ = 0xffffffffu;  ///< which block `words_` holds: neighbours come from one call
  mutable kernels::PhiloxCounter words_{};
};

/// A random order of 0 .. n - 1: sorted by 64-bit keys, ties by index.
std::vector<std::int64_t> permutation(std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                                      std::int64_t n);

}  // namespace shoal
