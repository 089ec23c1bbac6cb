// SPDX-License-Identifier: Apache-2.0
// Range: a named stretch of a thread's time in profilers (NVTX); free where none listens.
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
