// SPDX-License-Identifier: Apache-2.0
// The kinds of groups that a batch may be cut into. All give the same bits; which is fastest depends on the
// network, the rows, the machine and the size of the batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace shoal::cpu {

/// Kinds, by the tasks of a group: W of them (lanes = tasks), the lanes of half a vector (the kernels of the
/// next smaller instruction set; AVX-512 only), one (lanes = units).
enum GroupKind : std::size_t { full_group, half_group, single_task, group_kinds };

/// Something for each kind.
template <class T>
using PerKind = std::array<T, group_kinds>;

/// How many groups of each kind a batch is cut into, in this order.
using BatchPartition = PerKind<std::int64_t>;

}  // namespace shoal::cpu
