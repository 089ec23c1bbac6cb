// SPDX-License-Identifier: Apache-2.0
// What plans need to know of a GPU architecture, and the constants of the model that chooses between them:
// data, apart from the algorithm, to be corrected by measurements (`shoal-bench --sweep-plans`).
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace shoal::cuda {

struct Architecture {
  int capability = 0;                                                ///< 10 * major + minor
  std::int64_t shared_per_block = 0, shared_per_multiprocessor = 0;  ///< bytes, with opt-in
  int threads_per_multiprocessor = 0, blocks_per_multiprocessor = 0;

  // The model of plans.
  double issue_share = 0.45;  ///< of a scheduler's cycles that one warp alone can fill
  int most_rows = 64;         ///< that go through the network together
  // A larger model that has room for fewer rows than these beside it reads its weights too often: layer by
  // layer.
  int large_parameters = 15000, fewest_rows_of_large = 8;
};

inline constexpr std::int64_t kib = 1024;
inline constexpr std::int64_t shared_reserved_per_block = 1 * kib;  ///< by the system
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

/// The newest that is not newer than the capability: later devices run its plans. Older than all: the first.
constexpr const Architecture& architecture_of(int major, int minor) {
  const Architecture* best = &architectures.front();
  for (const Architecture& one : architectures)
    if (one.capability <= 10 * major + minor) best = &one;
  return *best;
}

}  // namespace shoal::cuda
