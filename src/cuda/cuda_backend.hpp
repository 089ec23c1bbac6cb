// SPDX-License-Identifier: Apache-2.0
// The cuda backend: fp32 under the numerical contract, the same bits as the cpu backend.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/backend.hpp"

namespace shoal {

struct CudaOptions {
  /// Shared memory a block may take, in bytes; less than the device has makes plans for smaller devices. 0 =
  /// all.
  std::int64_t shared_limit = 0;
};

/// Throws ResourceError without a device or driver.
std::unique_ptr<Backend<float>> make_cuda_backend(const CudaOptions& options = {});
/// Of the data sheet: multiprocessors x fp32 lanes x 2 x clock.
struct CudaPeak {
  double gflops = 0.0;
  std::string detail;
};
/// Whether there is a device that runs this build's kernels; `detail` is its name and size, or why there is
/// none. Never throws.
bool cuda_available(std::string& detail, CudaPeak* peak = nullptr);

}  // namespace shoal
