// SPDX-License-Identifier: Apache-2.0
// The options with which kernels are compiled at run time.
#pragma once

#include <string>
#include <vector>

#include "cuda/compiled/embedded_headers.hpp"

namespace shoal::cuda {

inline std::vector<std::string> compile_options(int architecture) {
  std::vector<std::string> options(kernel_flags().begin(), kernel_flags().end());
  options.push_back("--gpu-architecture=sm_" + std::to_string(architecture));
  options.emplace_back("-default-device");     // constexpr functions of the shared maths name no side
  options.emplace_back("-no-source-include");  // embedded headers alone, no file of the working folder
  return options;
}

}  // namespace shoal::cuda
