// SPDX-License-Identifier: Apache-2.0
// Checks rows that a caller left on the device: marks tasks with non-finite values, finds the first label or
// target for which the loss is not defined, and converts labels to the floats that the task kernels read.
//
// Grid: blocks of 4 warps. A warp checks one task at a time; its lanes read 32 neighbouring values at once.
// With a warp per task, one vote tells whether any value of the task is not finite, and one lane writes the
// status byte, for which CUDA has no atomics. A lane that finds a forbidden value reports its index, and the
// smallest index wins. It is stored as the maximum of the complements, so that memory filled with zeros means
// that there is none. The kernel uses no shared memory and does no arithmetic. Oracle: the checks of the host
// (src/core/batch_checks.cpp, src/cuda/device_tasks.cpp), value by value, in
// tests/cuda/device_batch_test.cpp.
#include "kernels/batch/row_checks.hpp"

#include "kernels/device/device.cuh"

namespace shoal::kernels {
namespace {

constexpr int lanes = 32, warps_of_a_block = 4;

__device__ __forceinline__ void refuse(const RowChecks& job, std::int64_t index) {
  atomicMax(job.refused, ~static_cast<unsigned long long>(index));
}

__device__ __forceinline__ bool is_finite(float x) {
  return fabsf(x) <= 0x1.fffffep+127f;
}

/// Whether a value of this lane's share of rows `begin` .. `end` - 1, of `columns` values each, is not
/// finite.
__device__ __forceinline__ bool holds_non_finite(const float* values, std::int64_t begin, std::int64_t end,
                                                 int columns, int lane) {
  bool found = false;
  for (std::int64_t e = begin * columns + lane; e < end * columns; e += lanes)
    found = found || !is_finite(values[e]);
  return found;
}

__device__ __forceinline__ void check_labels(const RowChecks& job, std::int64_t begin, std::int64_t end,
                                             int lane) {
  for (std::int64_t row = begin + lane; row < end; row += lanes) {
    const std::int64_t label = job.labels[row];
    if (label < 0 || label >= job.classes) refuse(job, row);
    job.label_values[row] = static_cast<float>(label);
  }
}

__device__ __forceinline__ void check_targets(const RowChecks& job, std::int64_t begin, std::int64_t end,
                                              int lane) {
  for (std::int64_t e = begin * job.targets + lane; e < end * job.targets; e += lanes) {
    const auto target = static_cast<double>(job.y[e]);
    const bool inside = (job.above_low ? target > job.low : target >= job.low) && target <= job.high;
    if (!inside && is_finite(job.y[e])) refuse(job, e);
  }
}

__global__ void row_checks_kernel(const RowChecks job) {
  const int lane = static_cast<int>(threadIdx.x) % lanes;
  const int warps = static_cast<int>(gridDim.x) * warps_of_a_block;
  for (int task = static_cast<int>(blockIdx.x) * warps_of_a_block + static_cast<int>(threadIdx.x) / lanes;
       task < job.tasks; task += warps) {
    const std::int64_t begin = job.first[task], end = job.first[task + 1];
    bool bad = holds_non_finite(job.x, begin, end, job.inputs, lane);
    if (job.y) bad = holds_non_finite(job.y, begin, end, job.targets, lane) || bad;
    if (job.offset) bad = holds_non_finite(job.offset, begin, end, job.offsets, lane) || bad;
    if (job.labels) check_labels(job, begin, end, lane);
    if (job.bounded) check_targets(job, begin, end, lane);
    if (__any_sync(0xffffffffu, bad) && lane == 0) job.status[task] = 1;
  }
}

}  // namespace

void launch_row_checks(const RowChecks& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  constexpr int most_blocks = 4096;
  const int wanted = (job.tasks + warps_of_a_block - 1) / warps_of_a_block;
  const auto blocks = static_cast<unsigned>(wanted < most_blocks ? wanted : most_blocks);
  SHOAL_LAUNCH(row_checks_kernel, blocks, static_cast<unsigned>(warps_of_a_block * lanes), 0, stream, job);
}

}  // namespace shoal::kernels
