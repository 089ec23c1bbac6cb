// SPDX-License-Identifier: Apache-2.0
// Packs the results of tasks for a caller who leaves them on the device: removes the padding, and gives
// failed tasks the canonical NaN. All pointers are to device memory.
#pragma once

#include <cstdint>

namespace shoal::kernels {

/// to[e, c] = from[e, padded_indices[c]], or the canonical NaN where status[e] is not 0.
struct ResultPacking {
  const float* from = nullptr;                   ///< [entries, stride]
  std::int64_t entries = 0;                      ///< tasks, or points x tasks
  std::int64_t stride = 1, columns = 1;          ///< floats of an entry in `from` and in `to`
  const std::int32_t* padded_indices = nullptr;  ///< [columns]; null: padded_indices[c] = c
  const std::uint8_t* status = nullptr;          ///< [entries]; null: every entry is good
  float* to = nullptr;                           ///< [entries, columns]
};

void launch_result_packing(const ResultPacking& job, void* stream);

}  // namespace shoal::kernels
