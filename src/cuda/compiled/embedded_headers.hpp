// SPDX-License-Identifier: Apache-2.0
// The headers that the text of a kernel may include, as texts in the library: NVRTC compiles where no sources
// are installed. The build writes the definitions (cmake/EmbedKernelHeaders.cmake).
#pragma once

#include <span>

namespace shoal::cuda {

struct EmbeddedHeader {
  const char* name;  ///< as #include writes it: "kernels/math/lanes.hpp"
  const char* text;
};

/// Those of kernels/device and kernels/math, of kernels made for a shape, and what they include.
std::span<const EmbeddedHeader> embedded_headers();
/// The flags of the numerical contract, with which nvcc compiles the other kernels: "-fmad=false", ...
std::span<const char* const> kernel_flags();

/// Stand in for headers of the standard library, which NVRTC does not have. Types are those of nvcc.
inline constexpr EmbeddedHeader standard_headers[] = {{"cstddef", R"(#pragma once
namespace std {
using size_t = decltype(sizeof(0));
using ptrdiff_t = long;
using nullptr_t = decltype(nullptr);
}
)"},
                                                      {"cstdint", R"(#pragma once
namespace std {
using int8_t = signed char;
using int16_t = short;
using int32_t = int;
using int64_t = long;
using uint8_t = unsigned char;
using uint16_t = unsigned short;
using uint32_t = unsigned;
using uint64_t = unsigned long;
}
)"}};

}  // namespace shoal::cuda
