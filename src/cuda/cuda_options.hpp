// SPDX-License-Identifier: Apache-2.0
// CudaOptions: what the parts of the backend are told.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <shoal/context.hpp>

namespace shoal {

struct CudaOptions {
  // See ContextOptions.
  std::optional<int> device = {};
  std::optional<CUstream_st*> stream = {};
  std::shared_ptr<DeviceMemoryResource> memory = {};
  /// Threads and rows of plans, where they are not to be chosen; 0 = free.
  int threads = 0, rows = 0;
  /// Shared memory a block may take, in bytes; less than the device has makes plans for smaller devices. 0 =
  /// all.
  std::int64_t shared_limit = 0;
  /// Every model goes layer by layer, not only those beyond the other regimes.
  bool layer_by_layer = false;
  /// Outside the contract: models that go layer by layer multiply with cuBLAS and TF32.
  Math math = Math::exact;
  /// Bytes of device memory for the tasks that go layer by layer together. 0 = half of what there is.
  std::int64_t layered_memory = 0;
};

/// Those of a context. Throws InvalidArgument when cuda_plan is neither THREADSxROWS ("64x16") nor "layers"
/// nor empty.
CudaOptions cuda_options(const ContextOptions& options);

}  // namespace shoal
