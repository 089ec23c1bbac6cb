// SPDX-License-Identifier: Apache-2.0
// Counts what this process has asked of the device so far; tests and benchmarks read it.
#pragma once

#include <atomic>

namespace shoal::cuda {

struct DeviceCounts {
  std::atomic<long> allocations{0};  ///< of device memory and of pinned memory
  std::atomic<long> kernels{0};   ///< launches, those of a launched graph included; a library's sort is one
  std::atomic<long> graphs{0};    ///< launches of graphs
  std::atomic<long> captures{0};  ///< captures of graphs
  std::atomic<long> made_for_shape{0};  ///< launches of kernels made for a shape, captured ones once
};

inline DeviceCounts& device_counts() {
  static DeviceCounts counts;
  return counts;
}

}  // namespace shoal::cuda
