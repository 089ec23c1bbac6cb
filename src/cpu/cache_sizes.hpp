// SPDX-License-Identifier: Apache-2.0
// Sizes of memory that follow from the caches of this machine.
#pragma once

#include <cstddef>

namespace shoal::cpu {

/// Bytes of tapes that a thread stores in the inner loop for the backward pass; if more are needed, the tape
/// of each block is computed again. The budget is the second-level cache, which a thread has to itself, and
/// half of its share of the third: a tape read from the third-level cache still costs less than another
/// forward and backward pass.
std::size_t tape_budget(int threads);

}  // namespace shoal::cpu
