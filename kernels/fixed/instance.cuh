// SPDX-License-Identifier: Apache-2.0
// Makes an instance of the fixed kernel ahead of time: fixed_instance<S>(), where S::shape is the shape.
// (nvcc cannot launch a kernel whose template argument is a shape itself.)
#pragma once

#include "kernels/fixed/instance.hpp"
#include "kernels/fixed/kernel.cuh"

namespace shoal::kernels {

template <class S>
__global__ void __launch_bounds__(fixed_block_threads(S::shape), 1)
    fixed_kernel(const __grid_constant__ TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  run_fixed_tasks<S::shape>(job, shared);
}

template <class S>
FixedInstance fixed_instance() {
  FixedInstance instance;
  instance.shape = S::shape;
  instance.kernel = reinterpret_cast<const void*>(&fixed_kernel<S>);
  instance.launch = [](const TaskArguments& job, const TeamLaunch& grid, void* stream_handle) {
    [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
    const auto blocks = static_cast<unsigned>(grid.blocks), threads = static_cast<unsigned>(grid.threads);
    const auto shared = static_cast<std::size_t>(grid.shared_bytes);
    SHOAL_LAUNCH(fixed_kernel<S>, blocks, threads, shared, stream, job);
  };
  return instance;
}

}  // namespace shoal::kernels
