// SPDX-License-Identifier: Apache-2.0
// The properties of GPU architectures that plans depend on, and the constants of the model that chooses
// between plans. They are data, apart from the algorithm, so that measurements can correct them (`shoal-bench
// --sweep-plans`).
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace shoal::cuda {

struct Architecture {
  int capability = 0;                                                ///< 10 * major + minor
  std::int64_t shared_per_block = 0, shared_per_multiprocessor = 0;  ///< bytes, the most after opt-in
  int threads_per_multiprocessor = 0, blocks_per_multiprocessor = 0;

  // The model of plans.
  double issue_share = 0.45;  ///< share of a scheduler's cycles that one warp can use
  int most_rows = 64;         ///< most rows of a block of rows
  // A model with more parameters than this, beside which fewer rows than this fit, reads its weights too
  // often; it runs layer by layer.
  int large_parameters = 15000, fewest_rows_of_large = 8;
};

inline constexpr std::int64_t kib = 1024;
inline constexpr std::int64_t shared_reserved_per_block = 1 * kib;  ///< reserved by the system
inline constexpr int registers_per_multiprocessor = 65536;

// CUDA C++ Programming Guide, table of technical specifications per compute capability.
inline constexpr std::array<Architecture, 5> architectures = {{
    {.capability = 80,
     .shared_per_block = 163 * kib,
     .shared_per_multiprocessor = 164 * kib,
     .threads_per_multiprocessor = 2048,
     .blocks_per_multiprocessor = 32},
    {.capability = 86,
     .shared_per_block = 99 * kib,
     .shared_per_multiprocessor = 100 * kib,
     .threads_per_multiprocessor = 1536,
     .blocks_per_multiprocessor = 16},
    {.capability = 90,
     .shared_per_block = 227 * kib,
     .shared_per_multiprocessor = 228 * kib,
     .threads_per_multiprocessor = 2048,
     .blocks_per_multiprocessor = 32},
    {.capability = 100,
     .shared_per_block = 227 * kib,
     .shared_per_multiprocessor = 228 * kib,
     .threads_per_multiprocessor = 2048,
     .blocks_per_multiprocessor = 32},
    {.capability = 120,
     .shared_per_block = 99 * kib,
     .shared_per_multiprocessor = 100 * kib,
     .threads_per_multiprocessor = 1536,
     .blocks_per_multiprocessor = 24},
}};

/// The newest architecture that is not newer than the capability, because later devices run its plans. For a
/// device older than all, the first one.
constexpr const Architecture& architecture_of(int major, int minor) {
  const Architecture* best = &architectures.front();
  for (const Architecture& one : architectures)
    if (one.capability <= 10 * major + minor) best = &one;
  return *best;
}

}  // namespace shoal::cuda
