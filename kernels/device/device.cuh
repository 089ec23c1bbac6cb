// SPDX-License-Identifier: Apache-2.0
// The few words of CUDA that kernels are written in. Under nvcc they are CUDA's own; the test build on the
// host defines SHOAL_SIMT and takes them from tests/simt, where every CUDA thread is a fibre. Launches and
// dynamic shared memory go through the two macros here and nothing else.
#pragma once

#if defined(SHOAL_SIMT)
#include "simt/cuda_words.hpp"
#define SHOAL_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  ::simt::launch(stream, grid, block, shared_bytes, [=] { kernel(__VA_ARGS__); })
#define SHOAL_SHARED_MEMORY(name) float* const name = static_cast<float*>(::simt::shared_memory())
#else
#define SHOAL_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
// One type for all kernels: an extern array has one declaration.
#define SHOAL_SHARED_MEMORY(name)                  \
  extern __shared__ float4 shoal_dynamic_shared[]; \
  float* const name = reinterpret_cast<float*>(shoal_dynamic_shared)
#endif
