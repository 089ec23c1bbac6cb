// SPDX-License-Identifier: Apache-2.0
// Turns error codes of the CUDA runtime into DeviceError, for the files that call the runtime.
#pragma once

#include <cuda_runtime.h>

#include "cuda/runtime/error.hpp"

namespace shoal::cuda {

inline std::string text_of(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + " (" + cudaGetErrorString(error) + ")";
}

/// `call` is the name of the function, or, where the name takes time to make, a callable that returns it.
template <class Call>
void throw_on_error(cudaError_t error, const Call& call, const SourceLocation& where) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears the error, so that the next call does not report it again
  if constexpr (requires { call(); })
    throw DeviceError(call(), text_of(error), where);
  else
    throw DeviceError(call, text_of(error), where);
}

inline auto with_bytes(const char* call, std::size_t bytes) {
  return [=] { return std::string(call) + " of " + std::to_string(bytes) + " bytes"; };
}

inline cudaStream_t stream_of(void* handle) {
  return static_cast<cudaStream_t>(handle);
}

}  // namespace shoal::cuda
