// SPDX-License-Identifier: Apache-2.0
// How the files over the CUDA runtime turn its error codes into DeviceError.
#pragma once

#include <cuda_runtime.h>

#include "cuda/runtime/error.hpp"

namespace shoal::cuda {

inline std::string text_of(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + " (" + cudaGetErrorString(error) + ")";
}

/// `call` names the function; where it takes time to say so, a callable that gives the name.
template <class Call>
void throw_on_error(cudaError_t error, const Call& call, const SourceLocation& where) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // an error that can be survived does not stay behind for the next call
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
