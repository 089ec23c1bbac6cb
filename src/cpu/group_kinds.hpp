// SPDX-License-Identifier: Apache-2.0
// The kinds of groups that a batch may be divided into. All give the same bits; which one is fastest depends
// on the network, the rows, the machine and the size of the batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace shoal::cpu {

/// Kinds differ in the number of tasks of a group: W (lanes = tasks); as many as half a vector has lanes (the
/// kernels of the next smaller instruction set; AVX-512 only); one (lanes = units).
enum GroupKind : std::size_t { full_group, half_group, single_task, group_kinds };

/// One value per kind.
template <class T>
using PerKind = std::array<T, group_kinds>;

/// How many groups of each kind a batch is divided into, in this order.
using BatchPartition = PerKind<std::int64_t>;

}  // namespace shoal::cpu
