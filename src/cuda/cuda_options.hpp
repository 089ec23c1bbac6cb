// SPDX-License-Identifier: Apache-2.0
// CudaOptions: the options of a context that concern the cuda backend, in the form that its parts read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <shoal/context.hpp>

#include "kernels/fixed/instance.hpp"

namespace shoal {

/// Whether kernels made for a shape (kernels/fixed) compute meta-gradients.
enum class FixedKernels { where_possible, none, always };

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
  /// Kernels made for a shape: use them where there is one; or use none; or insist on one.
  FixedKernels fixed = FixedKernels::where_possible;
  int fixed_lanes = 0;          ///< threads of a task in such a kernel; 0 = the choice is free
  int fixed_rows = 0;           ///< rows for which such a kernel must have room at least
  bool fixed_streamed = false;  ///< such a kernel must stream its activations
  /// Such kernels beside those that the library has compiled ahead of time.
  std::span<const kernels::FixedInstance> fixed_instances = {};
  /// Bytes of device memory for one chunk of tasks of the layer-by-layer regime; 0 = half of the free memory.
  std::int64_t layered_memory = 0;
  std::string kernel_cache = {};  ///< see ContextOptions
  /// Compile kernels at run time.
  bool compiles = false;
};

/// The options of a context. Throws InvalidArgument when cuda_plan is neither "generic" nor "fixed" nor
/// fixed-THREADS ("fixed-32") nor THREADSxROWS ("64x16") nor "layers" nor empty, and when kernel_cache is
/// neither absolute nor empty.
CudaOptions cuda_options(const ContextOptions& options);

}  // namespace shoal
