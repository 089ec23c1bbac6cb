// SPDX-License-Identifier: Apache-2.0
// CudaOptions: the options of a context that concern the cuda backend, in the form that its parts read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <shoal/context.hpp>

namespace shoal {

struct CudaOptions {
  // See ContextOptions.
  std::optional<int> device = {};
  std::optional<CUstream_st*> stream = {};
  std::shared_ptr<DeviceMemoryResource> memory = {};
  /// Threads and rows that a plan must have; 0 = the planner chooses.
  int threads = 0, rows = 0;
  /// Bytes of shared memory that a block may use; 0 = all. A limit below the device's gives the plans of a
  /// smaller device.
  std::int64_t shared_limit = 0;
  /// Run every model layer by layer, not only those that are too large for the other regimes.
  bool layer_by_layer = false;
  /// Math::fast is outside the numerical contract: models that run layer by layer multiply with cuBLAS and
  /// TF32.
  Math math = Math::exact;
  /// Bytes of device memory for one chunk of tasks of the layer-by-layer regime; 0 = half of the free memory.
  std::int64_t layered_memory = 0;
  std::string kernel_cache = {};  ///< see ContextOptions
};

/// The options of a context. Throws InvalidArgument when cuda_plan is neither THREADSxROWS ("64x16") nor
/// "layers" nor empty, and when kernel_cache is neither absolute nor empty.
CudaOptions cuda_options(const ContextOptions& options);

}  // namespace shoal
