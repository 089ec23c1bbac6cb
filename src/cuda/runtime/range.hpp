// SPDX-License-Identifier: Apache-2.0
// ProfilerRange: a named span of a thread's time in profilers (NVTX). It costs nothing without a profiler.
#pragma once

namespace shoal::cuda {

class ProfilerRange {
 public:
  explicit ProfilerRange(const char* name);
  ~ProfilerRange();
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
};

}  // namespace shoal::cuda
