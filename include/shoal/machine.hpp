// SPDX-License-Identifier: Apache-2.0
// What this machine is and can do.
#pragma once

#include <cstdint>
#include <string>

#include <shoal/context.hpp>

namespace shoal {

std::string machine_name();  ///< processor model, as the system tells it
std::uint64_t memory_bytes();
/// Measured: the best rate of independent fused multiply-adds, in Gflop/s, with the set's registers, on
/// `threads` threads at once.
double fma_peak(Isa isa, int threads = 1);
/// Whether the set has no instruction for a fused multiply-add, so that several in double take its place: the
/// same bits, slowly.
bool fma_is_emulated(Isa isa);

}  // namespace shoal
