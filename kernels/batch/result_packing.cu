// SPDX-License-Identifier: Apache-2.0
// Packs the results of a call for a caller who leaves them on the device. Grid: one thread per value written,
// in blocks of 256, so that neighbouring threads write neighbouring values. The kernel uses no shared memory
// and does no arithmetic. Oracle: the same packing on the host (src/cuda/task_outputs.cpp), bit for bit, in
// tests/cuda/device_results_test.cpp.
#include "kernels/batch/result_packing.hpp"

#include "kernels/device/device.cuh"
#include "kernels/math/lanes.hpp"

namespace shoal::kernels {
namespace {

__global__ void result_packing_kernel(const ResultPacking job) {
  const std::int64_t all = job.entries * job.columns,
                     step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < all;
       i += step) {
    const std::int64_t entry = i / job.columns, column = i - entry * job.columns;
    const bool good = !job.status || job.status[entry] == 0;
    const std::int64_t padded_index = job.padded_indices ? job.padded_indices[column] : column;
    job.to[i] = good ? job.from[entry * job.stride + padded_index] : from_bits(std::int32_t{0x7fc00000});
  }
}

}  // namespace

void launch_result_packing(const ResultPacking& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  constexpr std::int64_t threads = 256, most_blocks = 65536;
  const std::int64_t wanted = (job.entries * job.columns + threads - 1) / threads;
  const auto blocks = static_cast<unsigned>(wanted < most_blocks ? wanted : most_blocks);
  SHOAL_LAUNCH(result_packing_kernel, blocks, static_cast<unsigned>(threads), 0, stream, job);
}

}  // namespace shoal::kernels
