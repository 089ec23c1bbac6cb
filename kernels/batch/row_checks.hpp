// SPDX-License-Identifier: Apache-2.0
// The checks that the host makes of rows it uploads, for rows that are already on the device. All pointers
// are to device memory.
#pragma once

#include <cstdint>

namespace shoal::kernels {

/// One side of every task, and the conditions that its values must meet.
struct RowChecks {
  const std::int64_t* first = nullptr;  ///< [tasks + 1] where the rows of a task begin
  int tasks = 0;
  const float* x = nullptr;       ///< [rows, inputs]
  const float* y = nullptr;       ///< [rows, targets] or null
  const float* offset = nullptr;  ///< [rows, offsets] or null
  int inputs = 0, targets = 0, offsets = 0;
  const std::int64_t* labels = nullptr;  ///< [rows] or null
  int classes = 0;                       ///< labels are 0 .. classes - 1
  /// A finite target must lie in [low, high], or in (low, high] where above_low is set.
  double low = 0.0, high = 0.0;
  bool above_low = false, bounded = false;

  std::uint8_t* status = nullptr;  ///< [tasks] set to 1 where x, y or offset hold a non-finite value
  float* label_values = nullptr;   ///< [rows] out: labels as the task kernels take them
  /// 0, or the complement of the smallest index of a forbidden label or, where there are no labels, of a
  /// forbidden target.
  unsigned long long* refused = nullptr;
};

void launch_row_checks(const RowChecks& job, void* stream);

}  // namespace shoal::kernels
