// SPDX-License-Identifier: Apache-2.0
// Ranges over NVTX.
#include <nvtx3/nvToolsExt.h>

#include "cuda/device_range.hpp"

namespace shoal::cuda {

Range::Range(const char* name) {
  nvtxRangePushA(name);
}
Range::~Range() {
  nvtxRangePop();
}

}  // namespace shoal::cuda
