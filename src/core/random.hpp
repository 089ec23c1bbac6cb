// SPDX-License-Identifier: Apache-2.0
// Purposes of random streams, and random orders. kernels/math/random_stream.hpp draws the numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/math/random_stream.hpp"

namespace shoal {

/// The purpose of a stream. The numbers are part of the contract: never reuse one.
enum class Purpose : std::uint32_t {
  initial_parameters = 1,
  train_tasks = 2,
  validation_tasks = 3,
  evaluation_tasks = 4,
  epoch_order = 5,
  split = 6,
  rows = 7,
  row_batches = 8,
  simulation = 9,
};

class RandomStream : public kernels::RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t task, std::uint32_t step = 0)
      : kernels::RandomStream(seed, static_cast<std::uint32_t>(purpose), task, step) {}
};

/// A random order of 0 .. n - 1: sorted by 64-bit random keys; equal keys by index.
std::vector<std::int64_t> permutation(std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                                      std::int64_t n);

}  // namespace shoal
