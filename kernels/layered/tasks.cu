// SPDX-License-Identifier: Apache-2.0
// The kernels of the layer-by-layer regime that are no products: losses, the direction of the Hessian-vector
// product, gradients of rates, status, the exact sum over tasks, results. Grids run over (task, element) or
// (task, row). Where the contract makes a sum one chain (losses, rates per layer), one thread of a task's
// block adds what the others have computed or loaded. Only the chain of the rates uses shared memory (8 KiB).
// Oracle: the cpu backend, bit for bit (tests/cuda).
#include "kernels/device/device.cuh"
#include "kernels/device/exact_digits.cuh"
#include "kernels/layered/kernels.hpp"
#include "kernels/math/choices.hpp"

namespace shoal::kernels {
namespace {

constexpr int block_threads = 128;

__device__ __forceinline__ int rank() {
  return static_cast<int>(threadIdx.x);
}
__device__ __forceinline__ bool is_small(float x) {
  return fabsf(x) <= 0x1p+60f;
}
__device__ __forceinline__ bool is_finite(float x) {
  return fabsf(x) <= 0x1.fffffep+127f;
}

/// Grid: a block per task. Threads compute the terms of the rows in parallel; then one thread adds them in
/// order of rows and outputs.
__global__ void layer_loss_kernel(const LayerLossJob job) {
  const int task = static_cast<int>(blockIdx.x);
  if (job.chunk.status[task] != 0) {
    if (job.mean && rank() == 0) job.mean[task] = 0.0f;  // downloaded, then replaced by NaN
    return;
  }
  const int rows = job.rows.rows(task), stride = job.output.stride;
  const std::int64_t row = job.rows.begin(task);
  float* const terms = job.terms + row * job.terms_per_row * 2;
  const float scale = job.rows.scale[task];
  with_loss<float>(job.loss, job.network, [&](const auto& loss) {
    for (int r = rank(); r < rows; r += block_threads) {
      const std::int64_t at = (row + r) * stride;
      const float *const o = job.output.at + at, *const y = job.rows.y + (row + r) * job.network.targets;
      if (job.mean) {
        float* to = terms + static_cast<std::int64_t>(r) * job.terms_per_row * 2;
        loss.terms(o, y, [&](float c, float v) {
          *to++ = c;
          *to++ = v;
        });
      }
      const int padded_outputs = (job.network.outputs + 3) / 4 * 4;
      if (job.delta) {
        loss.gradient(o, y, scale, job.delta + at);
        for (int j = job.network.outputs; j < padded_outputs; ++j) job.delta[at + j] = 0.0f;
      }
      if (job.r_output) {
        loss.curvature(o, y, job.r_output + at, scale, job.r_delta + at);
        for (int j = job.network.outputs; j < padded_outputs; ++j) job.r_delta[at + j] = 0.0f;
      }
    }
  });
  // A task without support rows does not move and cannot fail in the inner loop.
  if (!job.mean || (rows == 0 && job.event == not_finite)) return;
  __syncthreads();
  if (rank() != 0) return;
  float total = 0.0f;
  const std::int64_t count = static_cast<std::int64_t>(rows) * job.terms_per_row;
#pragma unroll 8
  for (std::int64_t e = 0; e < count; ++e) total = fma(terms[2 * e], terms[2 * e + 1], total);
  const float mean = total / job.rows.terms[task];
  job.mean[task] = mean;
  if (job.event == not_finite ? !is_finite(mean) : !is_small(mean))
    atomicOr(job.chunk.events + task, job.event);
}

/// Calls use(task, i) for every i < count of every good task. The grid has `blocks` blocks per task.
template <class Use>
__device__ __forceinline__ void for_elements(const LayerChunk& chunk, int blocks, std::int64_t count,
                                             Use use) {
  const int task = static_cast<int>(blockIdx.x) / blocks, block = static_cast<int>(blockIdx.x) % blocks;
  if (chunk.status[task] != 0) return;
  for (std::int64_t i = static_cast<std::int64_t>(block) * block_threads + rank(); i < count;
       i += static_cast<std::int64_t>(blocks) * block_threads)
    use(task, i);
}

__global__ void layer_direction_kernel(const LayerDirectionJob job, int blocks) {
  const LayerTensor& tensor = job.tensor;
  for_elements(job.chunk, blocks, tensor.end - tensor.begin, [&](int task, std::int64_t i) {
    if (job.rows.rows(task) == 0) return;
    const std::int64_t p = tensor.begin + i, at = task * job.parameters + p;
    const float lambda = job.lambda[at];
    if (job.gradient) job.rate_gradient[at] = fma(-job.gradient[at], lambda, job.rate_gradient[at]);
    job.u[at] = tensor.rates.of(p) * lambda;
  });
}

constexpr int chain_part = 1024;  // pairs in shared memory at a time

__global__ void layer_rate_kernel(const LayerRateJob job) {
  SHOAL_SHARED_MEMORY(shared);
  const int task = static_cast<int>(blockIdx.x);
  if (job.chunk.status[task] != 0 || job.rows.rows(task) == 0) return;
  float* const rate = job.rate_gradient + static_cast<std::int64_t>(task) * job.rate_count;
  const std::int64_t base = task * job.parameters + job.begin,
                     count = static_cast<std::int64_t>(job.tensor_rows) * job.columns;
  float sum = *rate;
  for (std::int64_t first = 0; first < count; first += chain_part) {
    const int part = static_cast<int>(count - first < chain_part ? count - first : chain_part);
    __syncthreads();  // until the previous part is summed
    for (int i = rank(); i < part; i += block_threads) {
      const std::int64_t e = first + i, at = base + e / job.columns * job.stride + e % job.columns;
      shared[2 * i] = -job.gradient[at];
      shared[2 * i + 1] = job.lambda[at];
    }
    __syncthreads();
    if (rank() == 0) {
#pragma unroll 8
      for (int i = 0; i < part; ++i) sum = fma(shared[2 * i], shared[2 * i + 1], sum);
    }
  }
  if (rank() == 0) *rate = sum;
}

__global__ void layer_resolve_status_kernel(const LayerStatusJob job) {
  const int task = static_cast<int>(blockIdx.x) * block_threads + rank();
  if (task >= job.chunk.tasks) return;
  std::uint8_t& status = job.chunk.status[task];
  std::int32_t& failed_step = job.chunk.failed_step[task];
  int& events = job.chunk.events[task];
  if (job.what == LayerStatusStage::begin) {
    status = job.status[task];
    failed_step = -1;
    events = 0;
    if (job.loss_before) job.loss_before[task] = 0.0f;
    if (job.loss_after) job.loss_after[task] = 0.0f;
    return;
  }
  if (job.what == LayerStatusStage::step) {
    if (status == 0 && (events & (not_finite | moved_far)) != 0) {
      status = (events & not_finite) ? 2 : 4;
      failed_step = job.step;
    }
    return;
  }
  const bool here = status == 0 && (events & not_small) != 0;
  job.status[task] = here ? std::uint8_t{3} : status;
  job.failed_step[task] = here ? job.step : failed_step;
  if (here && job.what == LayerStatusStage::outcome) status = 3;
  events &= ~not_small;
}

__global__ void layer_check_kernel(const LayerReduceJob job, int blocks) {
  bool bad = false;
  for_elements(job.chunk, blocks, job.count,
               [&](int task, std::int64_t i) { bad = bad || !is_small(job.values[task * job.count + i]); });
  if (bad) atomicOr(job.chunk.events + static_cast<int>(blockIdx.x) / blocks, static_cast<int>(not_small));
}

/// A thread per sum goes through the tasks one after another: its digits stay in registers, and no other
/// thread writes to them.
__global__ void layer_reduce_kernel(const LayerReduceJob job) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * block_threads + rank();
  if (i >= job.count) return;
  long long digits[exact_digits];
#pragma unroll
  for (int d = 0; d < exact_digits; ++d) digits[d] = job.sums[d * job.count + i];
  int added = 0;
  for (int task = 0; task < job.chunk.tasks; ++task) {
    if (job.chunk.status[task] != 0) continue;
    add_exactly(job.values[task * job.count + i], digits, 1);
    if (++added < exact_capacity - 1) continue;
    carry_digits(digits, 1);
    added = 0;
  }
  carry_digits(digits, 1);
#pragma unroll
  for (int d = 0; d < exact_digits; ++d) job.sums[d * job.count + i] = digits[d];
}

__global__ void layer_store_fast_weights_kernel(const LayerFastWeightsJob job, int blocks) {
  const LayerTensor& tensor = job.tensor;
  for_elements(job.chunk, blocks, tensor.end - tensor.begin, [&](int task, std::int64_t i) {
    const std::int64_t p = tensor.begin + i, at = task * job.parameters + p;
    job.to[at] = tensor.adapts ? job.phi[at] : job.theta[p];
  });
}

__global__ void layer_outputs_kernel(const float* from, std::int64_t rows, int columns, int stride,
                                     float* to) {
  const std::int64_t e = static_cast<std::int64_t>(blockIdx.x) * block_threads + rank();
  if (e < rows * columns) to[e] = from[e / columns * stride + e % columns];
}

unsigned parts(std::int64_t whole, int part) {
  return static_cast<unsigned>((whole + part - 1) / part);
}
/// Blocks per task for `count` elements, up to eight per thread.
int blocks_for(std::int64_t count) {
  return static_cast<int>(parts(count, 8 * block_threads));
}

}  // namespace

void launch_layer_loss(const LayerLossJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const auto grid = static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_loss_kernel, grid, block_threads, 0, stream, job);
}

void launch_layer_direction(const LayerDirectionJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = blocks_for(job.tensor.end - job.tensor.begin);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_direction_kernel, grid, block_threads, 0, stream, job, blocks);
}

void launch_layer_rate(const LayerRateJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const auto grid = static_cast<unsigned>(job.chunk.tasks);
  constexpr std::size_t shared = 2 * chain_part * sizeof(float);
  SHOAL_LAUNCH(layer_rate_kernel, grid, block_threads, shared, stream, job);
}

void launch_layer_resolve_status(const LayerStatusJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const unsigned grid = parts(job.chunk.tasks, block_threads);
  SHOAL_LAUNCH(layer_resolve_status_kernel, grid, block_threads, 0, stream, job);
}

void launch_layer_check(const LayerReduceJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = blocks_for(job.count);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_check_kernel, grid, block_threads, 0, stream, job, blocks);
}

void launch_layer_reduce(const LayerReduceJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const unsigned grid = parts(job.count, block_threads);
  SHOAL_LAUNCH(layer_reduce_kernel, grid, block_threads, 0, stream, job);
}

void launch_layer_store_fast_weights(const LayerFastWeightsJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = blocks_for(job.tensor.end - job.tensor.begin);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_store_fast_weights_kernel, grid, block_threads, 0, stream, job, blocks);
}

void launch_layer_outputs(const float* from, std::int64_t rows, int columns, int stride, float* to,
                          void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const unsigned grid = parts(rows * columns, block_threads);
  if (grid > 0)
    SHOAL_LAUNCH(layer_outputs_kernel, grid, block_threads, 0, stream, from, rows, columns, stride, to);
}

}  // namespace shoal::kernels
