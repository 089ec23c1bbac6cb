// SPDX-License-Identifier: Apache-2.0
// The sizes that tasks are sorted by, one thread per task. Oracle: tests/cuda/task_order_test.cpp.
#include "kernels/batch/task_order.hpp"
#include "kernels/device/device.cuh"

namespace shoal::kernels {
namespace {

__device__ std::uint32_t rows_of(const std::int64_t* first, int task) {
  return first ? static_cast<std::uint32_t>(first[task + 1] - first[task]) : 0;
}

__global__ void task_rows_kernel(const TaskOrderArguments job) {
  const auto step = static_cast<int>(gridDim.x * blockDim.x);
  for (auto task = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); task < job.tasks; task += step) {
    // A side has less than 2^31 rows, so the sum of both fits.
    const std::uint32_t rows = rows_of(job.support_first, task) + rows_of(job.query_first, task);
    job.rows[task] = job.status && job.status[task] != 0 ? 0 : rows;
    job.order[task] = task;
  }
}

}  // namespace

void launch_task_rows(const TaskOrderArguments& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  constexpr int threads = 256, most_blocks = 1024;
  const int wanted = (job.tasks + threads - 1) / threads;
  const auto blocks = static_cast<unsigned>(wanted < most_blocks ? wanted : most_blocks);
  SHOAL_LAUNCH(task_rows_kernel, blocks, static_cast<unsigned>(threads), 0, stream, job);
}

}  // namespace shoal::kernels
