// SPDX-License-Identifier: Apache-2.0
// The products of the layer-by-layer regime. Grid: (task, tile); each block computes one tile of one task's
// product (kernels/layered/tile.cuh) and applies the epilogue to its elements: the activation and its
// derivatives, the backward pass through it, the inner step, lambda. Tasks are ragged: the grid is made for
// the largest, and blocks beyond a task's rows return at once, as do those of tasks that have failed.
//
// Shared memory: slices of the operands, at most 34,816 bytes. Oracle: the cpu backend, bit for bit
// (tests/cuda). Tried: storing the gradient and taking the step in a kernel of its own, which moves a third
// more parameter bytes; that traffic limits tasks of few rows.
#include "kernels/layered/epilogues.cuh"
#include "kernels/layered/kernels.hpp"
#include "kernels/layered/tile.cuh"

namespace shoal::kernels {
namespace {

template <GemmLayout layout, bool two, class Shape>
__global__ void __launch_bounds__(Shape::threads)
    layer_rows_kernel(const LayerRowJob job, int down, int across) {
  SHOAL_SHARED_MEMORY(shared);
  const int task = static_cast<int>(blockIdx.x) / (down * across),
            tile = static_cast<int>(blockIdx.x) % (down * across);
  const int r0 = tile / across * Shape::down, j0 = tile % across * Shape::across;
  const int rows = job.rows.rows(task);
  if (job.chunk.status[task] != 0 || r0 >= rows) return;
  const std::int64_t row = job.rows.begin(task);
  LayerTile<layout, two, Shape> product(r0, j0, rows, job.columns);
  if (job.start_at_out)
    product.start_from(job.out.of(task, row), job.out.stride);
  else if (job.start.at)
    product.start_from(job.start.of(task, row), 0);
  product.multiply(job.first, job.second, task, row, job.terms, shared);
  product.finish(shared, RowEpilogue(job, row));
}

template <bool two, class Shape>
__global__ void __launch_bounds__(Shape::threads, 3)
    layer_sums_kernel(const LayerSumJob job, int tiles, int across, int blocks) {
  SHOAL_SHARED_MEMORY(shared);
  const int task = static_cast<int>(blockIdx.x) / blocks, tile = static_cast<int>(blockIdx.x) % blocks;
  if (job.chunk.status[task] != 0) return;
  const int rows = job.rows.rows(task);
  const std::int64_t row = job.rows.begin(task);
  SumEpilogue epilogue(job, task);
  if (tile < tiles) {
    LayerTile<GemmLayout::tn, two, Shape> product(tile / across * Shape::down, tile % across * Shape::across,
                                                  job.inputs, job.columns);
    product.multiply(job.first, job.second, task, row, rows, shared);
    product.finish_quads(shared, [&](int i, int j, float4 sums) {
      epilogue(job.weight + static_cast<std::int64_t>(i) * job.stride + j, sums, job.columns - j, rows > 0);
    });
  } else {  // the blocks after the tiles sum up the bias, four columns per thread
    const int j = 4 * ((tile - tiles) * Shape::threads + static_cast<int>(threadIdx.x));
    // Threads beyond the last column read column 0, so that the warp does not diverge.
    const float* from = job.bias_terms.of(task, row) + (j < job.columns ? j : 0);
    float4 sum = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int r = 0; r < rows; ++r, from += job.bias_terms.stride) {
      const float4 v = *reinterpret_cast<const float4*>(from);
      sum = {sum.x + v.x, sum.y + v.y, sum.z + v.z, sum.w + v.w};
    }
    if (j < job.columns) epilogue(job.bias + j, sum, job.columns - j, rows > 0);
  }
  epilogue.report();
}

constexpr int finish_threads = 128;

__global__ void layer_row_epilogue_kernel(const LayerRowJob job, int blocks) {
  const int task = static_cast<int>(blockIdx.x) / blocks, block = static_cast<int>(blockIdx.x) % blocks;
  if (job.chunk.status[task] != 0) return;
  const std::int64_t row = job.rows.begin(task);
  const RowEpilogue epilogue(job, row);
  const float* const product = job.out.of(task, row);
  const float* const start = job.start.at ? job.start.of(task, row) : nullptr;
  const int whole = (job.columns + 3) / 4 * 4, count = job.rows.rows(task) * whole;
  for (int e = block * finish_threads + static_cast<int>(threadIdx.x); e < count;
       e += blocks * finish_threads) {
    const int r = e / whole, j = e % whole;
    float value = 0.0f;
    if (j < job.columns)
      value = product[static_cast<std::int64_t>(r) * job.out.stride + j] + (start ? start[j] : 0.0f);
    epilogue(r, j, value);
  }
}

__global__ void layer_sum_epilogue_kernel(const LayerSumJob job, int blocks) {
  const int task = static_cast<int>(blockIdx.x) / blocks, block = static_cast<int>(blockIdx.x) % blocks;
  if (job.chunk.status[task] != 0) return;
  SumEpilogue epilogue(job, task);
  const int across = (job.columns + 3) / 4, count = job.inputs * across;
  for (int e = block * finish_threads + static_cast<int>(threadIdx.x); e < count;
       e += blocks * finish_threads) {
    const int j = e % across * 4;
    const std::int64_t p = job.weight + static_cast<std::int64_t>(e / across) * job.stride + j;
    epilogue(p, *reinterpret_cast<const float4*>(job.next + task * job.parameters + p), job.columns - j,
             true);
  }
  epilogue.report();
}

constexpr int parts(int whole, int part) {
  return (whole + part - 1) / part;
}

template <GemmLayout layout, bool two, class Shape>
void launch_rows(const LayerRowJob& job, int most_rows, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int down = parts(most_rows, Shape::down), across = parts(job.columns, Shape::across);
  const auto blocks =
      static_cast<unsigned>(down) * static_cast<unsigned>(across) * static_cast<unsigned>(job.chunk.tasks);
  constexpr std::size_t shared = Shape::template shared_floats<two> * sizeof(float);
  const auto kernel = layer_rows_kernel<layout, two, Shape>;
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

// Up to this many rows, one or two tiles of 16 rows compute fewer superfluous outputs than one of 64.
constexpr int few_rows = 32;

template <GemmLayout layout>
void launch_rows(const LayerRowJob& job, int most_rows, void* stream) {
  const bool two = job.second.a.at, low = most_rows <= few_rows;
  if (two && low) return launch_rows<layout, true, LowTile>(job, most_rows, stream);
  if (two) return launch_rows<layout, true, SquareTile>(job, most_rows, stream);
  if (low) return launch_rows<layout, false, LowTile>(job, most_rows, stream);
  launch_rows<layout, false, SquareTile>(job, most_rows, stream);
}

}  // namespace

void launch_layer_rows(GemmLayout layout, const LayerRowJob& job, int most_rows, void* stream) {
  if (layout == GemmLayout::nn)
    launch_rows<GemmLayout::nn>(job, most_rows, stream);
  else
    launch_rows<GemmLayout::nt>(job, most_rows, stream);
}

void launch_layer_sums(const LayerSumJob& job, void* stream) {
  const bool two = job.second.a.at, low = job.inputs <= few_rows;
  if (two && low) return launch_sums<true, LowTile>(job, stream);
  if (two) return launch_sums<true, SquareTile>(job, stream);
  if (low) return launch_sums<false, LowTile>(job, stream);
  launch_sums<false, SquareTile>(job, stream);
}

void launch_layer_epilogue(const LayerRowJob& job, int rows, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = parts(rows * ((job.columns + 3) / 4 * 4), 8 * finish_threads);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_row_epilogue_kernel, grid, finish_threads, 0, stream, job, blocks);
}

void launch_layer_epilogue(const LayerSumJob& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const int blocks = parts(job.inputs * ((job.columns + 3) / 4), 2 * finish_threads);
  const auto grid = static_cast<unsigned>(blocks) * static_cast<unsigned>(job.chunk.tasks);
  SHOAL_LAUNCH(layer_sum_epilogue_kernel, grid, finish_threads, 0, stream, job, blocks);
}

}  // namespace shoal::kernels
