// SPDX-License-Identifier: Apache-2.0
// A launch as src/cuda plans it, and the toolkit's answer whether and how often a multiprocessor can hold it.
// Needs no device. The data of the devices are NVIDIA's (CUDA C++ Programming Guide, technical specifications
// per compute capability), written here a second time to check those of the library.
#pragma once

#include <cuda_occupancy.h>

#include <algorithm>
#include <array>
#include <climits>
#include <string>
#include <string_view>

#include <shoal/shoal.hpp>

#include "core/inner_plan.hpp"
#include "core/lowered_problem.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/fixed/shape_choice.hpp"
#include "cuda/plan/launch_plan.hpp"

namespace shoal::testing {

struct Gpu {
  std::string_view name;
  int major, minor, multiprocessors;
  std::size_t shared_per_block, shared_per_multiprocessor;  ///< bytes, the most after opt-in
};

inline constexpr std::array<Gpu, 3> the_gpus = {{
    {"sm_80", 8, 0, 108, 163 << 10, 164 << 10},
    {"sm_90", 9, 0, 132, 227 << 10, 228 << 10},
    {"sm_100", 10, 0, 148, 227 << 10, 228 << 10},
}};
inline constexpr int most_registers = 255;  ///< of one thread

/// Occupancy of a launch; no blocks = it cannot run.
inline cudaOccResult occupancy(const Gpu& gpu, int threads, std::size_t dynamic_shared, int registers,
                               std::size_t static_shared = 0) {
  cudaOccDeviceProp device;
  device.computeMajor = gpu.major;
  device.computeMinor = gpu.minor;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsPerMultiprocessor = 2048;
  device.regsPerBlock = device.regsPerMultiprocessor = 65536;
  device.warpSize = 32;
  device.sharedMemPerBlock = 48 << 10;
  device.sharedMemPerMultiprocessor = gpu.shared_per_multiprocessor;
  device.numSms = gpu.multiprocessors;
  device.sharedMemPerBlockOptin = gpu.shared_per_block;
  device.reservedSharedMemPerBlock = 1 << 10;
  cudaOccFuncAttributes kernel;
  kernel.maxThreadsPerBlock = INT_MAX;
  kernel.numRegs = registers;
  kernel.sharedSizeBytes = static_shared;
  kernel.partitionedGCConfig = PARTITIONED_GC_OFF;
  kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  kernel.maxDynamicSharedSizeBytes = gpu.shared_per_block - static_shared;
  kernel.numBlockBarriers = 1;
  const cudaOccDeviceState state;
  cudaOccResult result{};
  const cudaOccError error =
      cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, threads, dynamic_shared);
  if (error != CUDA_OCC_SUCCESS) result.activeBlocksPerMultiprocessor = 0;
  return result;
}

struct PlannedTask {
  ModelSpec model;
  Loss loss;
  Algorithm algorithm;
  TaskColumns columns;
  int rows = 1;  ///< of the largest task
};

/// A task in the form that the planner and the kernels take.
class LoweredTask {
 public:
  explicit LoweredTask(const PlannedTask& task)
      : task_(task),
        layout_(task_.model),
        lowered_(lower(task_.algorithm, layout_)),
        rates_(layout_, lowered_.training.learned_rate, std::max(lowered_.training.rate_steps, 1)),
        problem_({task_.model, layout_, rates_, task_.loss, lowered_.training}, task_.columns),
        device_(problem_.network()) {}
  LoweredTask(const LoweredTask&) = delete;
  LoweredTask& operator=(const LoweredTask&) = delete;

  const LoweredProblem& problem() const { return problem_; }
  const cuda::DeviceLayout& device() const { return device_; }
  int rate_count() const { return static_cast<int>(rates_.size()); }

  /// The launch that the backend would make on `gpu` with at most `shared_limit` bytes of shared memory per
  /// block. Only this function uses the planner's interface.
  cuda::LaunchPlan plan(kernels::TaskKernel kernel, const Gpu& gpu, std::int64_t shared_limit) const {
    cuda::Architecture architecture = cuda::architecture_of(gpu.major, gpu.minor);
    architecture.shared_per_block = std::min(architecture.shared_per_block, shared_limit);
    return cuda::make_plan(request(kernel), architecture);
  }
  /// The shape of the kernel that the backend would make for meta-gradients on `gpu`.
  cuda::FixedChoice fixed_choice(const Gpu& gpu, int lanes = 0) const {
    const cuda::PlanRequest plan = request(kernels::TaskKernel::meta_gradient);
    return cuda::choose_fixed_shape(
        {.plan = plan, .quantiles = problem_.loss().quantile_count, .least_rows = task_.rows, .lanes = lanes},
        cuda::architecture_of(gpu.major, gpu.minor));
  }

 private:
  cuda::PlanRequest request(kernels::TaskKernel kernel) const {
    return {.network = device_.network(),
            .loss = problem_.loss().kind,
            .inner = problem_.inner(),
            .kernel = kernel,
            .rate_count = rate_count(),
            .support_rows = task_.rows,
            .query_rows = task_.rows};
  }

  PlannedTask task_;
  ParameterLayout layout_;
  LoweredAlgorithm lowered_;
  RateLayout rates_;
  LoweredProblem problem_;
  cuda::DeviceLayout device_;
};

struct PlannedLaunch {
  std::string regime;
  int threads = 0;  ///< of a block
  std::int64_t shared_bytes = 0;
  std::int64_t workspace_bytes = 0;  ///< of a block's teams
};

inline PlannedLaunch plan_launch(const PlannedTask& task, kernels::TaskKernel kernel, const Gpu& gpu,
                                 std::int64_t shared_limit) {
  const cuda::LaunchPlan plan = LoweredTask(task).plan(kernel, gpu, shared_limit);
  const std::int64_t floats = plan.regime == cuda::Regime::layers ? 0 : plan.teams * plan.workspace.floats;
  return {std::string(cuda::name_of(plan.regime)), plan.block_threads(), plan.shared_bytes(),
          floats * static_cast<std::int64_t>(sizeof(float))};
}

inline constexpr std::array<std::string_view, 4> kernel_names = {"meta_gradient", "adapt", "evaluate",
                                                                 "predict"};

}  // namespace shoal::testing
