// SPDX-License-Identifier: Apache-2.0
// Which tasks of a finite source make up a meta-batch (contract N4): a keyed order of every epoch, cut into
// batches.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include <shoal/task_source.hpp>

namespace shoal {

/// The batches of one source. An epoch's order is drawn when the first of its batches is asked for and kept
/// until another epoch of the same phase is: going through an epoch costs one draw, however many batches it
/// has. What a call returns depends on its arguments and the seed alone. Any number of threads may call at
/// once.
class EpochBatches {
 public:
  explicit EpochBatches(std::uint64_t seed) : seed_(seed) {}

  /// Places (0 .. size - 1, in order of task id) of batch `iteration`. A batch has min(tasks, size) tasks,
  /// none twice; what is left of an epoch that fills no batch is left out of it. `size`: tasks of the source
  /// in this phase; throws DataError when there are none.
  std::vector<std::int64_t> indices(Phase phase, std::int64_t iteration, std::int64_t tasks,
                                    std::int64_t size) const;

  /// How many orders have been drawn so far, over all phases: the cost of going through the source.
  std::int64_t draws() const;

 private:
  /// The order that a phase was last asked for.
  struct Drawn {
    std::uint64_t epoch = 0;
    std::vector<std::int64_t> order;
  };

  std::uint64_t seed_;
  mutable std::mutex mutex_;  ///< guards what follows
  mutable std::array<Drawn, 3> drawn_;
  mutable std::int64_t draws_ = 0;
};

}  // namespace shoal
