// SPDX-License-Identifier: Apache-2.0
// What the caches of this machine allow.
#pragma once

#include <cstddef>

namespace shoal::cpu {

/// Bytes of tapes that a thread keeps from the inner loop for the backward pass; beyond them each block's
/// tape is computed again. From the second-level cache, which a thread has to itself, and half of its share
/// of the third: tapes that the third serves still cost less than a second forward and backward pass.
std::size_t tape_budget(int threads);

}  // namespace shoal::cpu
