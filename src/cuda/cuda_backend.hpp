// SPDX-License-Identifier: Apache-2.0
// The cuda backend: fp32 under the numerical contract, the same bits as the cpu backend.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <shoal/context.hpp>

#include "core/backend.hpp"

namespace shoal {

struct CudaOptions {
  /// Threads and rows of plans, where they are not to be chosen; 0 = free.
  int threads = 0, rows = 0;
  /// Shared memory a block may take, in bytes; less than the device has makes plans for smaller devices. 0 =
  /// all.
  std::int64_t shared_limit = 0;
  /// Every model goes layer by layer, not only those beyond the other regimes.
  bool layer_by_layer = false;
  /// Outside the contract: models that go layer by layer multiply with cuBLAS and TF32.
  Math math = Math::exact;
  /// Bytes of device memory for the tasks that go layer by layer together. 0 = half of what the device has.
  std::int64_t layered_memory = 0;
};

/// Throws ResourceError without a device or driver, or without cuBLAS where math is fast.
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
