// SPDX-License-Identifier: Apache-2.0
// Which tasks of a finite source make up a meta-batch (contract N4): a keyed order of every epoch, cut into
// batches.
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/task_source.hpp>

namespace shoal {

/// Places (0 .. size - 1, in order of task id) of batch `iteration`. A batch has min(tasks, size) tasks, none
/// twice; what is left of an epoch that fills no batch is left out of it.
std::vector<std::int64_t> finite_batch(std::uint64_t seed, Phase phase, std::int64_t iteration,
                                       std::int64_t tasks, std::int64_t size);

}  // namespace shoal
