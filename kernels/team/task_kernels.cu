// SPDX-License-Identifier: Apache-2.0
// The task kernel. Grid: persistent; a team works on one task at a time, and tasks are dealt in order of
// size, so that neighbouring teams take equally long. Shared memory: dynamic, a TeamMemory for each team of
// the block. Global memory: a workspace for each team, and the sets of digits of the exact sum, to which all
// teams add (kernels/device/exact_digits.cuh). The update (kernels/update/meta_update.cu) adds up the sets:
// digits are integers, so that any order will do. One kernel does all operations on tasks, because the passes
// of their rows through the network are the same. Oracle: the cpu backend, bit for bit (tests/cuda).
#include "kernels/team/task_kernels.hpp"

#include "kernels/team/task.cuh"

namespace shoal::kernels {
namespace {

__global__ void __launch_bounds__(256, 1) task_kernel(const __grid_constant__ TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  const Team team = Team::mine(job.team_threads);
  const auto floats = static_cast<int>(job.memory.floats);
  float* const team_shared = shared + team.index_in_block() * floats;
  // Products read the padding, although nobody uses their results for it, so it must be initialised.
  for (int e = team.rank; e < floats; e += team.size) team_shared[e] = 0.0f;
  TeamTask runner(team, job, team_shared, job.workspace + team.index * job.workspace_layout.floats);
  for (int i = team.index; i < job.tasks; i += team.count) runner.run(job.order[i], i % job.sum_sets);
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

}  // namespace shoal::kernels
