// SPDX-License-Identifier: Apache-2.0
// How long a block or a warp ran, by the cycle counter of its multiprocessor.
#pragma once

#include <cstddef>
#include <vector>

#include "device_call.hpp"

namespace shoal::bench {

struct WarpTimes {
  long long begin, end;
};

/// Stores when the calling warp began and ended: begin() after a barrier, end() after the warp's work.
class WarpClock {
 public:
  explicit __device__ WarpClock(WarpTimes* times)
      : times_(times + blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32) {}
  __device__ void begin() { begin_ = clock64(); }
  __device__ void end() {
    const long long end = clock64();
    if (threadIdx.x % 32 == 0) *times_ = {begin_, end};
  }

 private:
  WarpTimes* times_;
  long long begin_ = 0;
};

/// The times of all warps of a launch.
class LaunchTimes {
 public:
  LaunchTimes(int blocks, int warps) : blocks_(blocks), warps_(warps), times_(count()) {}

  WarpTimes* device() { return times_.data(); }
  /// The median over blocks of the cycles from the first warp's begin to the last warp's end.
  double cycles_of_a_block() const;
  /// The median over warps of the cycles from its begin to its end.
  double cycles_of_a_warp() const;

 private:
  std::size_t count() const { return static_cast<std::size_t>(blocks_) * static_cast<std::size_t>(warps_); }

  int blocks_, warps_;
  DeviceBuffer<WarpTimes> times_;
};

}  // namespace shoal::bench
