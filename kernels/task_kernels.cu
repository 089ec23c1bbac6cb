// SPDX-License-Identifier: Apache-2.0
// The task kernels: a persistent grid, one team (block) per task at a time, tasks dealt in order of size so
// that neighbours take equally long. Shared memory: TeamMemory of one task, dynamic; global: each block's
// workspace and its digits of the exact sum, so that no two blocks ever write the same address and no atomic
// is needed. Block sums are added by the kernels of meta_update.cu, integers in any order. Oracle: the cpu
// backend, bit for bit (tests/cuda).
#include "kernels/task_kernels.hpp"

#include "kernels/team_task.cuh"

namespace shoal::kernels {
namespace {

/// use(task_runner, task) for this block's tasks, after clearing fast memory: padding is read and dropped.
template <class Use>
__device__ __forceinline__ int for_tasks(const TaskArguments& job, float* shared, Use use) {
  const Team team = Team::mine();
  const auto block = static_cast<std::int64_t>(blockIdx.x);
  float* const fast = job.fast ? job.fast + block * job.memory.floats : shared;
  for (std::int64_t e = team.rank; e < job.memory.floats; e += team.size) fast[e] = 0.0f;
  TeamTask runner(team, job, fast, job.workspace + block * job.workspace_layout.floats);
  int done = 0;
  for (int i = static_cast<int>(blockIdx.x); i < job.tasks; i += static_cast<int>(gridDim.x), ++done)
    use(runner, job.order[i], done);
  return done;
}

__device__ __forceinline__ void carry(const TaskArguments& job) {
  const auto digits = [&](long long* sums, int count) {
    long long* const own = sums + static_cast<std::int64_t>(blockIdx.x) * exact_digits * count;
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x))
      carry_digits(own + i, count);
  };
  digits(job.sums, static_cast<int>(job.network.parameters));
  digits(job.rate_sums, job.rate_count);
}

__global__ void meta_gradient_kernel(const TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  for_tasks(job, shared, [&](TeamTask& runner, int task, int done) {
    runner.meta_gradient(task);
    if (done % (exact_capacity - 1) == exact_capacity - 2) carry(job);
  });
  carry(job);
}

__global__ void adapt_kernel(const TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  for_tasks(job, shared, [](TeamTask& runner, int task, int) { runner.adapt(task); });
}

__global__ void evaluate_kernel(const TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  for_tasks(job, shared, [](TeamTask& runner, int task, int) { runner.evaluate(task); });
}

__global__ void predict_kernel(const TaskArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  for_tasks(job, shared, [](TeamTask& runner, int task, int) { runner.predict(task); });
}

}  // namespace

void launch_tasks(TaskKernel kernel, const TaskArguments& job, const TeamLaunch& grid, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const auto blocks = static_cast<unsigned>(grid.blocks), threads = static_cast<unsigned>(grid.threads);
  const auto shared = static_cast<std::size_t>(grid.shared_bytes);
  switch (kernel) {
    case TaskKernel::meta_gradient:
      SHOAL_LAUNCH(meta_gradient_kernel, blocks, threads, shared, stream, job);
      return;
    case TaskKernel::adapt:
      SHOAL_LAUNCH(adapt_kernel, blocks, threads, shared, stream, job);
      return;
    case TaskKernel::evaluate:
      SHOAL_LAUNCH(evaluate_kernel, blocks, threads, shared, stream, job);
      return;
    case TaskKernel::predict:
      SHOAL_LAUNCH(predict_kernel, blocks, threads, shared, stream, job);
      return;
  }
}

const void* task_kernel_address(TaskKernel kernel) {
  switch (kernel) {
    case TaskKernel::meta_gradient:
      return reinterpret_cast<const void*>(&meta_gradient_kernel);
    case TaskKernel::adapt:
      return reinterpret_cast<const void*>(&adapt_kernel);
    case TaskKernel::evaluate:
      return reinterpret_cast<const void*>(&evaluate_kernel);
    case TaskKernel::predict:
      return reinterpret_cast<const void*>(&predict_kernel);
  }
  return nullptr;
}

}  // namespace shoal::kernels
