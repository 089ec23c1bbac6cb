// SPDX-License-Identifier: Apache-2.0
// The cuda backend: fp32 under the numerical contract, the same bits as the cpu backend.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/backend.hpp"
#include "cuda/cuda_options.hpp"

namespace shoal {

/// Throws ResourceError without a device or driver, or without cuBLAS where math is fast.
std::unique_ptr<Backend<float>> make_cuda_backend(const CudaOptions& options = {});
/// Of the data sheet: multiprocessors x fp32 lanes x 2 x clock.
struct CudaPeak {
  double gflops = 0.0;
  std::string detail;
};
/// Whether the device (see ContextOptions) is there and runs this build's kernels; `detail` is its name and
/// size, or why there is none. Never throws.
bool cuda_available(std::optional<int> device, std::string& detail, CudaPeak* peak = nullptr);

}  // namespace shoal
