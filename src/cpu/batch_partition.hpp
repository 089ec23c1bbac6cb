// SPDX-License-Identifier: Apache-2.0
// Divides a batch into groups so that the slowest thread finishes as early as possible.
#pragma once

#include "cpu/group_kinds.hpp"

namespace shoal::cpu {

/// Returns the partition with the least makespan among some candidates for `tasks` tasks on `threads`
/// threads: as many full groups as the batch, or whole rounds of the threads, can take, and the rest in half
/// groups and single tasks. A partition with several kinds must gain more than the change between kinds
/// costs. `seconds`: time of one group of each kind; `tasks_of`: tasks in it; kinds that are not `usable` are
/// not used. At least one kind must be usable.
BatchPartition partition_batch(std::int64_t tasks, int threads, const PerKind<std::int64_t>& tasks_of,
                               const PerKind<double>& seconds, const PerKind<bool>& usable);

/// Seconds until the slowest thread has finished these groups, if each thread takes the next group when it is
/// free, in the order of the kinds.
double makespan(const BatchPartition& groups, int threads, const PerKind<double>& seconds);

}  // namespace shoal::cpu
