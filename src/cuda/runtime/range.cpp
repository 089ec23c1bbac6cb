// SPDX-License-Identifier: Apache-2.0
// Implements ranges with NVTX.
#include <nvtx3/nvToolsExt.h>

#include "cuda/runtime/range.hpp"

namespace shoal::cuda {

ProfilerRange::ProfilerRange(const char* name) {
  nvtxRangePushA(name);
}
ProfilerRange::~ProfilerRange() {
  nvtxRangePop();
}

}  // namespace shoal::cuda
