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

__device__ __forceinline__ void unpack(const float* from, float (&to)[4]) {
  const float4 v = *reinterpret_cast<const float4*>(from);
  to[0] = v.x;
  to[1] = v.y;
  to[2] = v.z;
  to[3] = v.w;
}
__device__ __forceinline__ void pack(const float (&from)[4], float* to) {
  *reinterpret_cast<float4*>(to) = {from[0], from[1], from[2], from[3]};
}

/// What follows on sums over rows, four neighbouring parameters at a time: sums over few rows are cheap, and
/// what comes after them is most of the work.
class FinishSum {
 public:
  __device__ __forceinline__ FinishSum(const LayerSumJob& job, int task)
      : job_(job), task_(task), base_(task * job.parameters) {}

  /// Of parameters p .. p + 3, of which the first `count` are there, of a task with or without rows.
  __device__ __forceinline__ void operator()(std::int64_t p, float4 sums, int count, bool has_rows) {
    float g[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
    for (int i = 1; i < 4; ++i) g[i] = i < count ? g[i] : 0.0f;
    if (job_.finish == SumFinish::step) return step(p, g, count, has_rows);
    if (job_.finish == SumFinish::subtract_lambda && !has_rows) return;
    float lambda[4] = {};
    if (job_.finish == SumFinish::add_lambda || job_.finish == SumFinish::subtract_lambda)
      unpack(job_.lambda + base_ + p, lambda);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (job_.finish == SumFinish::set_lambda) lambda[i] = g[i];
      if (job_.finish == SumFinish::scale_lambda) lambda[i] = job_.weight_of_loss * g[i];
      if (job_.finish == SumFinish::add_lambda) lambda[i] = fma(job_.weight_of_loss, g[i], lambda[i]);
      if (job_.finish == SumFinish::subtract_lambda) lambda[i] = lambda[i] - g[i];
    }
    pack(lambda, job_.lambda + base_ + p);
  }

  /// To be called when all sums are done.
  __device__ __forceinline__ void report() const {
    const int events = (bad_ ? not_finite : 0) | (far_ ? moved_far : 0);
    if (events) atomicOr(job_.chunk.events + task_, events);
  }

 private:
  __device__ __forceinline__ void step(std::int64_t p, const float (&g)[4], int count, bool has_rows) {
    float phi[4], rate[4];
    unpack(job_.phi + task_ * job_.phi_per_task + p, phi);
    if (has_rows) {
      if (job_.rates.per_parameter) {
        unpack(job_.rates.at + p, rate);
      } else {
        rate[0] = rate[1] = rate[2] = rate[3] = job_.rates.of(p);
      }
      // theta - phi_K as the sum of the steps: the difference itself would lose the small ones.
      if (job_.lambda) {
        float moved[4];
        unpack(job_.lambda + base_ + p, moved);
#pragma unroll
        for (int i = 0; i < 4; ++i) moved[i] = i < count ? fma(rate[i], g[i], moved[i]) : 0.0f;
        pack(moved, job_.lambda + base_ + p);
      }
      if (job_.gradient) pack(g, job_.gradient + base_ + p);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        phi[i] = i < count ? fma(-rate[i], g[i], phi[i]) : 0.0f;
        bad_ = bad_ || !(fabsf(phi[i]) <= 0x1.fffffep+127f);
        if (job_.max_move > 0.0f && i < count)
          far_ = far_ || fabsf(phi[i] - job_.theta[p + i]) > job_.max_move;
      }
    }
    pack(phi, job_.next + base_ + p);
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
    product.finish_quads(shared, [&](int i, int j, float4 sums) {
      finish(job.weight + static_cast<std::int64_t>(i) * job.stride + j, sums, job.columns - j, rows > 0);
    });
  } else {  // the blocks behind the tiles add up the bias, four columns per thread
    const int j = 4 * ((tile - tiles) * Shape::threads + static_cast<int>(threadIdx.x));
    const float* from = job.bias_terms.of(task, row) + (j < job.columns ? j : 0);  // a warp stays together
    float4 sum = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int r = 0; r < rows; ++r, from += job.bias_terms.stride) {
      const float4 v = *reinterpret_cast<const float4*>(from);
      sum = {sum.x + v.x, sum.y + v.y, sum.z + v.z, sum.w + v.w};
    }
    if (j < job.columns) finish(job.bias + j, sum, job.columns - j, rows > 0);
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
  const int across = (job.columns + 3) / 4, count = job.inputs * across;
  for (int e = block * finish_threads + static_cast<int>(threadIdx.x); e < count;
       e += blocks * finish_threads) {
    const int j = e % across * 4;
    const std::int64_t p = job.weight + static_cast<std::int64_t>(e / across) * job.stride + j;
    finish(p, *reinterpret_cast<const float4*>(job.next + task * job.parameters + p), job.columns - j, true);
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
  const int blocks = tiles + (job.bias < 0 ? 0 : parts(job.columns, 4 * Shape::threads));
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
  const int blocks = parts(job.inputs * ((job.columns + 3) / 4), 2 * finish_threads);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_finish_sums_kernel, grid, finish_threads, 0, stream, job, blocks);
}

}  // namespace shoal::kernels
