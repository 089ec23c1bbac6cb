// SPDX-License-Identifier: Apache-2.0
// Range: a named stretch of a thread's time in profilers (NVTX); free where none listens.
#pragma once

namespace shoal::cuda {

class Range {
 public:
  explicit Range(const char* name);
  ~Range();
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

}  // namespace shoal::cuda
