// SPDX-License-Identifier: Apache-2.0
// The products of the layer-by-layer regime: a grid over (task, tile), each block one tile of one task's
// product (kernels/layer_tile.cuh), and what follows element by element done where the element is: activation
// and its derivatives, the way through it, the inner step, lambda. Tasks are ragged: a grid reaches as far as
// the largest, and blocks beyond a task's rows leave at once, as do those of tasks that have failed.
//
// Shared memory: slices of the operands, at most 34,816 bytes. Oracle: the cpu backend, bit for bit
// (tests/cuda). Tried: the gradient stored and a kernel of its own for the step (a third more traffic of
// parameters, which is what binds tasks of few rows).
#include "kernels/choices.hpp"
#include "kernels/layer_kernels.hpp"
#include "kernels/layer_tile.cuh"

namespace shoal::kernels {
namespace {

/// What follows on an element of a product over rows.
class FinishRow {
 public:
  __device__ __forceinline__ FinishRow(const LayerRowJob& job, std::int64_t row)
      : job_(job), base_(row * job.out.stride), offset_(row * job.columns) {}

  __device__ __forceinline__ void operator()(int r, int j, float value) const {
    const std::int64_t e = base_ + static_cast<std::int64_t>(r) * job_.out.stride + j;
    const bool padding = j >= job_.columns;
    switch (job_.finish) {
      case RowFinish::store:
        job_.out.at[e] = value;
        return;
      case RowFinish::add_offset:
        job_.out.at[e] =
            padding ? 0.0f
                    : value + job_.rows.offset[offset_ + static_cast<std::int64_t>(r) * job_.columns + j];
        return;
      case RowFinish::activate:
        activate(e, value, padding);
        return;
      case RowFinish::through:
        if (job_.curve) job_.curve[e] = padding ? 0.0f : value * job_.curve[e];
        job_.out.at[e] = padding ? 0.0f : value * job_.slope[e];
        return;
      case RowFinish::r_activate:
        job_.out.at[e] = value;
        job_.r_activation[e] = padding ? 0.0f : value * job_.slope[e];
        return;
      case RowFinish::r_through:
        job_.out.at[e] = padding ? 0.0f : fma(value, job_.slope[e], job_.curve[e] * job_.r_sum[e]);
        return;
      case RowFinish::r_through_simply:
        job_.out.at[e] = padding ? 0.0f : value * job_.slope[e];
        return;
    }
  }

 private:
  __device__ __forceinline__ void activate(std::int64_t e, float z, bool padding) const {
    float a = 0.0f, slope = 0.0f, curve = 0.0f;
    if (!padding)
      with_activation<float>(job_.activation, [&]<class F>(F) {
        if (job_.curve)
          F::curvature(z, a, slope, curve);
        else
          F::slope(z, a, slope);
      });
    job_.out.at[e] = a;
    if (job_.slope) job_.slope[e] = slope;
    if (job_.curve) job_.curve[e] = curve;
  }

  const LayerRowJob& job_;
  std::int64_t base_, offset_;
};

/// What follows on a sum over rows.
class FinishSum {
 public:
  __device__ __forceinline__ FinishSum(const LayerSumJob& job, int task)
      : job_(job), task_(task), base_(task * job.parameters) {}

  /// Of parameter p of a task with or without rows.
  __device__ __forceinline__ void operator()(std::int64_t p, float g, bool padding, bool has_rows) {
    if (padding) return;  // zero from the start
    const std::int64_t at = base_ + p;
    switch (job_.finish) {
      case SumFinish::step:
        step(p, at, g, has_rows);
        return;
      case SumFinish::set_lambda:
        job_.lambda[at] = g;
        return;
      case SumFinish::scale_lambda:
        job_.lambda[at] = job_.weight_of_loss * g;
        return;
      case SumFinish::add_lambda:
        job_.lambda[at] = fma(job_.weight_of_loss, g, job_.lambda[at]);
        return;
      case SumFinish::subtract_lambda:
        if (has_rows) job_.lambda[at] = job_.lambda[at] - g;
        return;
    }
  }

  /// To be called when all elements are done.
  __device__ __forceinline__ void report() const {
    const int events = (bad_ ? not_finite : 0) | (far_ ? moved_far : 0);
    if (events) atomicOr(job_.chunk.events + task_, events);
  }

 private:
  __device__ __forceinline__ void step(std::int64_t p, std::int64_t at, float g, bool has_rows) {
    const float phi = job_.phi[task_ * job_.phi_per_task + p];
    float moved = phi;
    if (has_rows) {
      const float rate = job_.rates.of(p);
      moved = fma(-rate, g, phi);
      // theta - phi_K as the sum of the steps: the difference itself would lose the small ones.
      if (job_.lambda) job_.lambda[at] = fma(rate, g, job_.lambda[at]);
      if (job_.gradient) job_.gradient[at] = g;
      bad_ = bad_ || !(fabsf(moved) <= 0x1.fffffep+127f);
      far_ = far_ || (job_.max_move > 0.0f && fabsf(moved - job_.theta[p]) > job_.max_move);
    }
    job_.next[at] = moved;
  }

  const LayerSumJob& job_;
  int task_;
  std::int64_t base_;
  bool bad_ = false, far_ = false;
};

template <LayerWalk walk, bool two, class Shape>
__global__ void __launch_bounds__(Shape::threads)
    layer_rows_kernel(const LayerRowJob job, int down, int across) {
  SHOAL_SHARED_MEMORY(shared);
  const int task = static_cast<int>(blockIdx.x) / (down * across),
            tile = static_cast<int>(blockIdx.x) % (down * across);
  const int r0 = tile / across * Shape::down, j0 = tile % across * Shape::across;
  const int rows = job.rows.rows(task);
  if (job.chunk.status[task] != 0 || r0 >= rows) return;
  const std::int64_t row = job.rows.begin(task);
  LayerTile<walk, two, Shape> product(r0, j0, rows, job.columns);
  if (job.start_at_out)
    product.start_from(job.out.of(task, row), job.out.stride);
  else if (job.start.at)
    product.start_from(job.start.of(task, row), 0);
  product.multiply(job.first, job.second, task, row, job.terms, shared);
  product.finish(shared, FinishRow(job, row));
}

template <bool two, class Shape>
__global__ void __launch_bounds__(Shape::threads)
    layer_sums_kernel(const LayerSumJob job, int tiles, int across, int blocks) {
  SHOAL_SHARED_MEMORY(shared);
  const int task = static_cast<int>(blockIdx.x) / blocks, tile = static_cast<int>(blockIdx.x) % blocks;
  if (job.chunk.status[task] != 0) return;
  const int rows = job.rows.rows(task);
  const std::int64_t row = job.rows.begin(task);
  FinishSum finish(job, task);
  if (tile < tiles) {
    LayerTile<LayerWalk::weights, two, Shape> product(tile / across * Shape::down,
                                                      tile % across * Shape::across, job.inputs, job.columns);
    product.multiply(job.first, job.second, task, row, rows, shared);
    product.finish(shared, [&](int i, int j, float g) {
      finish(job.weight + static_cast<std::int64_t>(i) * job.stride + j, g, j >= job.columns, rows > 0);
    });
  } else {  // the blocks behind the tiles add up the bias, a column per thread
    const int j = (tile - tiles) * Shape::threads + static_cast<int>(threadIdx.x);
    if (j >= job.columns) return;
    const float* const from = job.bias_terms.of(task, row) + j;
    float sum = 0.0f;
    for (int r = 0; r < rows; ++r) sum = sum + from[static_cast<std::int64_t>(r) * job.bias_terms.stride];
    finish(job.bias + j, sum, false, rows > 0);
  }
  finish.report();
}

constexpr int finish_threads = 128;

__global__ void layer_finish_rows_kernel(const LayerRowJob job, int blocks) {
  const int task = static_cast<int>(blockIdx.x) / blocks, block = static_cast<int>(blockIdx.x) % blocks;
  if (job.chunk.status[task] != 0) return;
  const std::int64_t row = job.rows.begin(task);
  const FinishRow finish(job, row);
  const float* const product = job.out.of(task, row);
  const float* const start = job.start.at ? job.start.of(task, row) : nullptr;
  const int whole = (job.columns + 3) / 4 * 4, count = job.rows.rows(task) * whole;
  for (int e = block * finish_threads + static_cast<int>(threadIdx.x); e < count;
       e += blocks * finish_threads) {
    const int r = e / whole, j = e % whole;
    float value = 0.0f;
    if (j < job.columns)
      value = product[static_cast<std::int64_t>(r) * job.out.stride + j] + (start ? start[j] : 0.0f);
    finish(r, j, value);
  }
}

__global__ void layer_finish_sums_kernel(const LayerSumJob job, int blocks) {
  const int task = static_cast<int>(blockIdx.x) / blocks, block = static_cast<int>(blockIdx.x) % blocks;
  if (job.chunk.status[task] != 0) return;
  FinishSum finish(job, task);
  const int count = job.inputs * job.columns;
  for (int e = block * finish_threads + static_cast<int>(threadIdx.x); e < count;
       e += blocks * finish_threads) {
    const std::int64_t p =
        job.weight + static_cast<std::int64_t>(e / job.columns) * job.stride + e % job.columns;
    finish(p, job.next[task * job.parameters + p], false, true);
  }
  finish.report();
}

constexpr int parts(int whole, int part) {
  return (whole + part - 1) / part;
}

template <LayerWalk walk, bool two, class Shape>
void launch_rows(const LayerRowJob& job, int most_rows, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int down = parts(most_rows, Shape::down), across = parts(job.columns, Shape::across);
  const auto blocks =
      static_cast<unsigned>(down) * static_cast<unsigned>(across) * static_cast<unsigned>(job.chunk.tasks);
  constexpr std::size_t shared = Shape::template shared_floats<two> * sizeof(float);
  const auto kernel = layer_rows_kernel<walk, two, Shape>;
  if (blocks > 0) SHOAL_LAUNCH(kernel, blocks, Shape::threads, shared, stream, job, down, across);
}

template <bool two, class Shape>
void launch_sums(const LayerSumJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int across = parts(job.columns, Shape::across);
  const int tiles = job.weight < 0 ? 0 : parts(job.inputs, Shape::down) * across;
  const int blocks = tiles + (job.bias < 0 ? 0 : parts(job.columns, Shape::threads));
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  constexpr std::size_t shared = Shape::template shared_floats<two> * sizeof(float);
  const auto kernel = layer_sums_kernel<two, Shape>;
  if (grid > 0) SHOAL_LAUNCH(kernel, grid, Shape::threads, shared, stream, job, tiles, across, blocks);
}

// Up to here a tile of 16 rows, or two, computes fewer outputs in vain than one of 64.
constexpr int few_rows = 32;

template <LayerWalk walk>
void launch_rows(const LayerRowJob& job, int most_rows, void* stream) {
  const bool two = job.second.a.at, low = most_rows <= few_rows;
  if (two && low) return launch_rows<walk, true, LowTile>(job, most_rows, stream);
  if (two) return launch_rows<walk, true, SquareTile>(job, most_rows, stream);
  if (low) return launch_rows<walk, false, LowTile>(job, most_rows, stream);
  launch_rows<walk, false, SquareTile>(job, most_rows, stream);
}

}  // namespace

void launch_layer_rows(LayerWalk walk, const LayerRowJob& job, int most_rows, void* stream) {
  if (walk == LayerWalk::forward)
    launch_rows<LayerWalk::forward>(job, most_rows, stream);
  else
    launch_rows<LayerWalk::backward>(job, most_rows, stream);
}

void launch_layer_sums(const LayerSumJob& job, void* stream) {
  const bool two = job.second.a.at, low = job.inputs <= few_rows;
  if (two && low) return launch_sums<true, LowTile>(job, stream);
  if (two) return launch_sums<true, SquareTile>(job, stream);
  if (low) return launch_sums<false, LowTile>(job, stream);
  launch_sums<false, SquareTile>(job, stream);
}

void launch_layer_finish(const LayerRowJob& job, int rows, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = parts(rows * ((job.columns + 3) / 4 * 4), 8 * finish_threads);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_finish_rows_kernel, grid, finish_threads, 0, stream, job, blocks);
}

void launch_layer_finish(const LayerSumJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = parts(job.inputs * job.columns, 8 * finish_threads);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_finish_sums_kernel, grid, finish_threads, 0, stream, job, blocks);
}

}  // namespace shoal::kernels
