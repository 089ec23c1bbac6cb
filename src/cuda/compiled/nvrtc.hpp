// SPDX-License-Identifier: Apache-2.0
// Opens NVRTC, the compiler of the CUDA toolkit as a library, at run time: a program starts where it is not
// installed. The test build replaces this file, as it replaces the device layer (tests/simt).
#pragma once

#include <memory>
#include <string>

#include "cuda/compiled/kernel_toolchain.hpp"

namespace shoal::cuda {

inline constexpr const char* nvrtc_library = "libnvrtc.so.13";

/// Throws ResourceError saying why there is no NVRTC. `library`: its name for dlopen.
std::shared_ptr<const KernelToolchain> open_nvrtc(const std::string& library = nvrtc_library);

}  // namespace shoal::cuda
