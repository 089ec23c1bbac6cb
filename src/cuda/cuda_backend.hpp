// SPDX-License-Identifier: Apache-2.0
// The cuda backend: fp32 under the numerical contract, the same bits as the cpu backend.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/backend.hpp"
#include "cuda/cuda_options.hpp"

namespace shoal {

/// Throws ResourceError if there is no device or driver, or no cuBLAS where math is fast.
std::unique_ptr<Backend<float>> make_cuda_backend(const CudaOptions& options = {});
/// Peak by the data sheet: multiprocessors x fp32 lanes x 2 x clock.
struct CudaPeak {
  double gflops = 0.0;
  std::string detail;
};
/// Whether the device (see ContextOptions) exists and runs this build's kernels. `detail` becomes its name
/// and size, or the reason why there is none. Never throws.
bool cuda_available(std::optional<int> device, std::string& detail, CudaPeak* peak = nullptr);

}  // namespace shoal
