// SPDX-License-Identifier: Apache-2.0
// Cuts a batch into groups so that the slowest thread is done first.
#pragma once

#include "cpu/group_kinds.hpp"

namespace shoal::cpu {

/// The least makespan of some cuts of `tasks` tasks on `threads` threads: as many full groups as the batch or
/// whole rounds of the threads take, the rest in half groups and single tasks; groups of several kinds must
/// win by what the change between them costs. `seconds` of a group of each kind; `tasks_of` a group; kinds
/// that are not `usable` stay out. At least one kind must be usable.
BatchPartition partition_batch(std::int64_t tasks, int threads, const PerKind<std::int64_t>& tasks_of,
                               const PerKind<double>& seconds, const PerKind<bool>& usable);

/// Seconds until the slowest of the threads is done with these groups, each thread taking the next when it is
/// free, in the order of the kinds.
double makespan(const BatchPartition& groups, int threads, const PerKind<double>& seconds);

}  // namespace shoal::cpu
