// SPDX-License-Identifier: Apache-2.0
// Draws tasks on the device. Grid: one thread per row. Each thread draws the parameters of its task again
// (two calls of Philox, which costs less than sharing them) and skips to the draws of its row. Oracle: the
// sources of the host, bit for bit (tests/cuda/meta_kernels_test.cpp).
#include "kernels/generate/task_generation.hpp"

#include "kernels/device/device.cuh"

namespace shoal::kernels {
namespace {

__global__ void task_generation_kernel(const GenerationArguments job) {
  const GeneratorFormula& formula = job.formula;
  const int rows = formula.support + formula.query;
  const std::int64_t all = static_cast<std::int64_t>(job.tasks) * rows,
                     step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < all;
       i += step) {
    const std::int64_t task = i / rows;
    const auto row = static_cast<int>(i - task * rows);
    TaskDraws draws(formula, job.inputs->first_task + task);
    const GeneratedTask drawn = draw_task(formula, draws);
    draws.skip(static_cast<std::uint32_t>(row) * draws_per_row(formula));
    const float x = draw_x(formula, drawn, draws), y = draw_y(formula, drawn, x, draws);
    const bool support = row < formula.support;
    const std::int64_t at =
        support ? task * formula.support + row : task * formula.query + (row - formula.support);
    (support ? job.support_x : job.query_x)[at] = x;
    (support ? job.support_y : job.query_y)[at] = y;
    if (row == 0) job.status[task] = 0;
  }
}

}  // namespace

const void* task_generation_address() {
  return reinterpret_cast<const void*>(&task_generation_kernel);
}

void launch_task_generation(const GenerationArguments& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  constexpr std::int64_t threads = 128, most_blocks = 4096;
  const std::int64_t rows = static_cast<std::int64_t>(job.tasks) * (job.formula.support + job.formula.query);
  const std::int64_t wanted = (rows + threads - 1) / threads;
  const auto blocks = static_cast<unsigned>(wanted < most_blocks ? wanted : most_blocks);
  SHOAL_LAUNCH(task_generation_kernel, blocks, static_cast<unsigned>(threads), 0, stream, job);
}

}  // namespace shoal::kernels
