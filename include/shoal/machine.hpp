// SPDX-License-Identifier: Apache-2.0
// What this machine is, and how fast it computes.
//
// Example:
//
//   #include <cstdio>
//
//   std::printf("%s: %.0f Gflop/s\n", shoal::machine_name().c_str(), shoal::fma_peak(shoal::Isa::avx2));
#pragma once

#include <cstdint>
#include <string>

#include <shoal/context.hpp>

namespace shoal {

std::string machine_name();    ///< processor model, as the system reports it
std::uint64_t memory_bytes();  ///< physical memory
/// Measures the highest rate of independent fused multiply-adds, in Gflop/s, in the registers of an
/// instruction set on `threads` threads at once.
double fma_peak(Isa isa, int threads = 1);
/// Whether the instruction set has no fused multiply-add. Shoal then computes it from several operations in
/// double: slowly, with the same bits.
bool fma_is_emulated(Isa isa);

}  // namespace shoal
