// SPDX-License-Identifier: Apache-2.0
// The task kernel: a persistent grid, one task per team at a time, tasks dealt in order of size so that
// neighbours take equally long. Shared memory: TeamMemory of each team of the block, dynamic; global: each
// team's workspace, and sets of digits of the exact sum that all teams add to (kernels/exact_digits.cuh). The
// sets are added by sum_sets, integers in any order. One kernel does whatever is wanted of the tasks: the
// ways of their rows through the network are the same. Oracle: the cpu backend, bit for bit (tests/cuda).
#include "kernels/task_kernels.hpp"

#include "kernels/team_task.cuh"

namespace shoal::kernels {
namespace {

__global__ void __launch_bounds__(256, 1) task_kernel(const __grid_constant__ TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  const Team team = Team::mine(job.team_threads);
  const auto floats = static_cast<int>(job.memory.floats);
  float* const fast = shared + team.place() * floats;
  for (int e = team.rank; e < floats; e += team.size) fast[e] = 0.0f;  // padding is read and dropped
  TeamTask runner(team, job, fast, job.workspace + team.index * job.workspace_layout.floats);
  for (int i = team.index; i < job.tasks; i += team.count) runner.run(job.order[i], i % job.sum_sets);
}

/// One thread per sum: carries what each set holds, so that the digits of all of them have room in one.
__global__ void sum_sets_kernel(const long long* from, int sets, std::int64_t count, long long* to) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += step) {
    long long sum[exact_digits] = {};
    for (int s = 0; s < sets; ++s) {
      long long digits[exact_digits];
#pragma unroll
      for (int d = 0; d < exact_digits; ++d)
        digits[d] = from[(static_cast<std::int64_t>(s) * exact_digits + d) * count + i];
      carry_digits(digits);
#pragma unroll
      for (int d = 0; d < exact_digits; ++d) sum[d] += digits[d];
    }
#pragma unroll
    for (int d = 0; d < exact_digits; ++d) to[d * count + i] = sum[d];
  }
}

}  // namespace

void launch_tasks(const TaskArguments& job, const TeamLaunch& grid, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const auto blocks = static_cast<unsigned>(grid.blocks), threads = static_cast<unsigned>(grid.threads);
  const auto shared = static_cast<std::size_t>(grid.shared_bytes);
  SHOAL_LAUNCH(task_kernel, blocks, threads, shared, stream, job);
}

const void* task_kernel_address() {
  return reinterpret_cast<const void*>(&task_kernel);
}

void launch_sum_sets(const long long* from, int sets, std::int64_t count, long long* to,
                     void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  constexpr unsigned threads = 128;
  const auto grid = static_cast<unsigned>((count + threads - 1) / threads);
  SHOAL_LAUNCH(sum_sets_kernel, grid, threads, 0, stream, from, sets, count, to);
}

}  // namespace shoal::kernels
