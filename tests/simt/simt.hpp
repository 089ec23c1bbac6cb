// SPDX-License-Identifier: Apache-2.0
// Orders and faults of kernels that run on the host.
#pragma once

#include <cstdint>
#include <string>

namespace simt {

enum class Order { forward, reverse, random };
/// In which order blocks start, and threads of a block between two barriers. The seed is for random.
void set_order(Order order, std::uint64_t seed = 0);
/// Message of the first fault since the last call (a barrier that part of a block never reaches), or "".
std::string take_fault();

}  // namespace simt
