// SPDX-License-Identifier: Apache-2.0
// KernelSource: a kernel that is compiled at run time, as text.
#pragma once

#include <string>

namespace shoal::cuda {

struct KernelSource {
  std::string title;    ///< for people, in messages; decides nothing
  std::string program;  ///< a translation unit; it may include the embedded headers
  std::string kernel;   ///< the kernel's name as the program would write it: "shoal::kernels::f<16, 40>"
};

}  // namespace shoal::cuda
