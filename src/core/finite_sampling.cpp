// SPDX-License-Identifier: Apache-2.0
#include "core/finite_sampling.hpp"

#include <algorithm>

#include <shoal/error.hpp>

#include "core/random.hpp"

namespace shoal {

const char* to_string(Phase phase) {
  switch (phase) {
    case Phase::train:
      return "train";
    case Phase::validation:
      return "validation";
    case Phase::test:
      return "test";
  }
  return "unknown";
}

std::vector<std::int64_t> finite_batch(std::uint64_t seed, Phase phase, std::int64_t iteration,
                                       std::int64_t tasks, std::int64_t size) {
  if (size < 1) throw DataError(std::string("no tasks in phase ") + to_string(phase));
  if (tasks < 1) throw InvalidArgument("a meta-batch needs at least one task");
  const std::int64_t count = std::min(tasks, size), batches = size / count;
  const auto epoch = static_cast<std::uint64_t>(iteration / batches) * 4 + static_cast<std::uint64_t>(phase);
  const std::vector<std::int64_t> order = permutation(seed, Purpose::epoch_order, epoch, size);
  const std::int64_t first = iteration % batches * count;
  return {order.begin() + first, order.begin() + first + count};
}

}  // namespace shoal
