// SPDX-License-Identifier: Apache-2.0
// What the host looks at in rows that it sends, for rows that are on the device already. All pointers are to
// device memory.
#pragma once

#include <cstdint>

namespace shoal::kernels {

/// One side of every task, and what its values must be.
struct RowChecks {
  const std::int64_t* first = nullptr;  ///< [tasks + 1] where the rows of a task begin
  int tasks = 0;
  const float* x = nullptr;       ///< [rows, inputs]
  const float* y = nullptr;       ///< [rows, targets] or null
  const float* offset = nullptr;  ///< [rows, offsets] or null
  int inputs = 0, targets = 0, offsets = 0;
  const std::int64_t* labels = nullptr;  ///< [rows] or null
  int classes = 0;                       ///< labels are 0 .. classes - 1
  /// Finite targets are low .. high, without `low` where above_low.
  double low = 0.0, high = 0.0;
  bool above_low = false, bounded = false;

  std::uint8_t* status = nullptr;  ///< [tasks] set to 1 where x, y or offset hold a non-finite value
  float* label_values = nullptr;   ///< [rows] out: labels as the task kernels take them
  /// 0, or the complement of the smallest index of a label, or else of a target, that is refused.
  unsigned long long* refused = nullptr;
};

void launch_row_checks(const RowChecks& job, void* stream);

}  // namespace shoal::kernels
