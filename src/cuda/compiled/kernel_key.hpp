// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cuda/compiled/kernel_source.hpp"

namespace shoal::cuda {

/// Names what a compiler would make: 64 hex digits, of everything that decides it. That is the program, the
/// kernel's name, the embedded headers, the options with the architecture, the compiler with its version
/// ("NVRTC 13.0") and the format of entries of the cache. The title is no part of it.
std::string kernel_key(const KernelSource& source, int architecture, const std::string& compiler);

}  // namespace shoal::cuda
