// SPDX-License-Identifier: Apache-2.0
// The part of CUDA that kernels use. Under nvcc it is CUDA itself; the host test build defines SHOAL_SIMT and
// takes it from tests/simt, where every CUDA thread is a fibre. Kernels are launched, and get dynamic shared
// memory, through the two macros of this file only.
#pragma once

#if defined(SHOAL_SIMT)
#include "simt/cuda_words.hpp"
#define SHOAL_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  ::simt::launch(stream, grid, block, shared_bytes, [=] { kernel(__VA_ARGS__); })
#define SHOAL_SHARED_MEMORY(name) float* const name = static_cast<float*>(::simt::shared_memory())
#else
#define SHOAL_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
// All kernels share one declaration, because an extern array has one type.
#define SHOAL_SHARED_MEMORY(name)                                 \
  extern __shared__ __align__(128) float4 shoal_dynamic_shared[]; \
  float* const name = reinterpret_cast<float*>(shoal_dynamic_shared)
#endif
