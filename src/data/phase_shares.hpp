// SPDX-License-Identifier: Apache-2.0
// Splits keys into meta-train, validation and test by shares.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// A key and its number of tasks, which are all in one phase.
struct KeyTasks {
  std::int64_t id = 0;  ///< task_id_of its text
  std::int64_t tasks = 0;
};

/// Decides the phase of every key. `seed` and a key's id give a random number; the keys are put in the order
/// of these numbers, and two cuts divide them into meta-train, validation and test.
///
/// A cut lies immediately before or after the key with which the tasks reach the wanted share. Among these
/// pairs of cuts, the function keeps those that give meta-train a task and miss no share by more than the
/// tasks of the largest key (there is always such a pair); of these, those that leave the fewest positive
/// shares without a task; of these, the one with the smallest sum of squared distances from the shares. In
/// case of a tie, more meta-train tasks win, then more test tasks. A share of 0 gets no task.
std::vector<Phase> phases_by_share(std::span<const KeyTasks> keys, const SplitOptions& split,
                                   std::uint64_t seed);

}  // namespace shoal
