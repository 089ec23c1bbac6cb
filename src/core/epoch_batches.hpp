// SPDX-License-Identifier: Apache-2.0
// EpochBatches: which tasks of a finite source form a meta-batch (contract N4). Every epoch has a random
// order that depends on the seed, and is divided into batches.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include <shoal/fork_safe_mutex.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// The batches of one source. An epoch's order is drawn at the first request for one of its batches, and kept
/// until another epoch of the same phase is requested. So an epoch costs one draw, however many batches it
/// has. The result of a call depends only on its arguments and the seed. All functions are thread-safe.
class EpochBatches {
 public:
  explicit EpochBatches(std::uint64_t seed) : seed_(seed) {}

  /// Indices (0 .. size - 1, in order of task id) of the tasks of batch `iteration`. A batch has min(tasks,
  /// size) different tasks. The last tasks of an epoch are left out when they do not fill a batch. `size` is
  /// the number of the source's tasks in this phase. Throws DataError when it is 0.
  std::vector<std::int64_t> indices(Phase phase, std::int64_t iteration, std::int64_t tasks,
                                    std::int64_t size) const;

  /// How many orders have been drawn, over all phases: the cost of iterating over the source.
  std::int64_t draws() const;

 private:
  /// The order that was drawn last for a phase.
  struct Drawn {
    std::uint64_t epoch = 0;
    std::vector<std::int64_t> order;
  };

  std::uint64_t seed_;
  mutable ForkSafeMutex<> mutex_;  ///< guards the members below
  mutable std::array<Drawn, 4> drawn_;
  mutable std::int64_t draws_ = 0;
};

}  // namespace shoal
