// SPDX-License-Identifier: Apache-2.0
#include "core/epoch_batches.hpp"

#include <algorithm>
#include <string>

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
    case Phase::held_out:
      return "held-out";
  }
  return "unknown";
}

std::vector<std::int64_t> EpochBatches::indices(Phase phase, std::int64_t iteration, std::int64_t tasks,
                                                std::int64_t size) const {
  if (size < 1) throw DataError(std::string("no tasks in phase ") + to_string(phase));
  if (tasks < 1) throw InvalidArgument("a meta-batch needs at least one task");
  const std::int64_t count = std::min(tasks, size), batches = size / count;
  const auto epoch = static_cast<std::uint64_t>(iteration / batches) * 4 + static_cast<std::uint64_t>(phase);
  const std::int64_t first = iteration % batches * count;
  const std::lock_guard lock(mutex_);
  Drawn& drawn = drawn_[static_cast<std::size_t>(phase)];
  if (drawn.epoch != epoch || drawn.order.size() != static_cast<std::size_t>(size)) {
    drawn.order = permutation(seed_, Purpose::epoch_order, epoch, size);
    drawn.epoch = epoch;
    ++draws_;
  }
  return {drawn.order.begin() + first, drawn.order.begin() + first + count};
}

std::int64_t EpochBatches::draws() const {
  const std::lock_guard lock(mutex_);
  return draws_;
}

}  // namespace shoal
