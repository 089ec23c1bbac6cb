// SPDX-License-Identifier: Apache-2.0
// KernelToolchain: a compiler of kernels at run time. nvrtc.hpp opens the only one of the library; tests
// bring their own.
#pragma once

#include <string>
#include <vector>

#include "cuda/compiled/compiled_kernel.hpp"
#include "cuda/compiled/kernel_source.hpp"

namespace shoal::cuda {

class KernelToolchain {
 public:
  virtual ~KernelToolchain() = default;
  /// "NVRTC 13.0".
  virtual std::string name_and_version() const = 0;
  /// The architectures that it compiles for, in order: 75, 80, ..., 90, ... (ten times the capability).
  virtual std::vector<int> architectures() const = 0;
  /// Throws ResourceError with the compiler's log. May be called from several threads at once.
  virtual CompiledKernel compile(const KernelSource& source, int architecture) const = 0;
};

}  // namespace shoal::cuda
