// SPDX-License-Identifier: Apache-2.0
// LoadedKernel: a compiled kernel that the device can run. The test build replaces loaded_kernel.cpp, as it
// replaces the device layer (tests/simt).
#pragma once

#include <cstdint>

#include "cuda/compiled/compiled_kernel.hpp"
#include "cuda/runtime/error.hpp"
#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

/// `blocks` of `threads` threads and `shared_bytes` of dynamic shared memory each.
struct KernelGrid {
  int blocks = 0, threads = 0;
  std::int64_t shared_bytes = 0;
};

class LoadedKernel {
 public:
  /// Loads the machine code; the PTX where the current device does not take that, because it is for another
  /// architecture. Throws DeviceError. Not while a stream is captured.
  explicit LoadedKernel(const CompiledKernel& kernel,
                        const SourceLocation& where = SourceLocation::current());
  /// Unloads it. No launch may be waiting, and no graph may contain one.
  ~LoadedKernel();
  LoadedKernel(const LoadedKernel&) = delete;
  LoadedKernel& operator=(const LoadedKernel&) = delete;

  /// Serves wherever the address of a kernel does: resident_blocks(), load_kernel().
  const void* address() const { return kernel_; }
  /// Whether it was loaded from PTX.
  bool is_from_ptx() const { return from_ptx_; }

  /// Launches it. `arguments`: the address of each argument, which is copied. More shared memory than usual
  /// needs resident_blocks() first. `what` names the launch in errors.
  void launch(Stream& stream, const KernelGrid& grid, void** arguments, const char* what,
              const SourceLocation& where = SourceLocation::current()) const;

 private:
  void* library_ = nullptr;
  const void* kernel_ = nullptr;
  bool from_ptx_ = false;
};

}  // namespace shoal::cuda
