// SPDX-License-Identifier: Apache-2.0
// Phases by share: which keys are meta-train, validation and test.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// A key and how many tasks it makes. They are all in one phase.
struct KeyTasks {
  std::int64_t id = 0;  ///< task_id_of its text
  std::int64_t tasks = 0;
};

/// The phase of every key. The keys are put in the order of a random number that `seed` and their id decide,
/// and this order is cut in two places: meta-train, validation, test. A cut lies right before or right behind
/// the key with which the tasks before it reach their share. Of the pairs of cuts that this leaves, those are
/// taken that give meta-train a task and miss no share by more than the tasks of the largest key (there is
/// always one), among them those that leave the fewest shares above 0 without a task, among them the one with
/// the smallest sum of squared distances from the shares; of equal ones, more meta-train tasks, then more
/// test tasks. A share of 0 has no task.
std::vector<Phase> phases_by_share(std::span<const KeyTasks> keys, const SplitOptions& split,
                                   std::uint64_t seed);

}  // namespace shoal
