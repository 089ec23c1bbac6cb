// SPDX-License-Identifier: Apache-2.0
// CompiledKernel: what a compiler made of a KernelSource.
#pragma once

#include <string>

namespace shoal::cuda {

struct CompiledKernel {
  std::string lowered_name;  ///< the kernel's name in the code, as the compiler mangled it
  std::string machine_code;  ///< a cubin, for devices of one architecture
  std::string ptx;           ///< the same for every later device: its driver translates it

  bool operator==(const CompiledKernel&) const = default;
};

}  // namespace shoal::cuda
