// SPDX-License-Identifier: Apache-2.0
// What this process has asked of the device so far: tests and `what does a step cost` read it.
#pragma once

#include <atomic>

namespace shoal::cuda {

struct DeviceCounts {
  std::atomic<long> allocations{0};  ///< of device and of pinned memory
  std::atomic<long> kernels{0};      ///< launches, those inside of graphs each time, a library's sort as one
  std::atomic<long> graphs{0};       ///< launches
  std::atomic<long> captures{0};     ///< of graphs
};

inline DeviceCounts& device_counts() {
  static DeviceCounts counts;
  return counts;
}

}  // namespace shoal::cuda
