// SPDX-License-Identifier: Apache-2.0
// The sum over tasks and the meta-update, in one kernel. It adds the digits that the teams of the task kernel
// have left in their sets, rounds the exact sums once, divides by the number of good tasks, clips, takes the
// optimizer's step, and computes the mean losses. It leaves the digits at zero for the next meta-iteration,
// so that none has to begin with a memset.
//
// Grid: blocks of 256 threads; a block takes 32 meta-parameters at a time. 32 threads side by side read
// neighbouring digits, and 8 such groups share the sets: there are at least 8 and up to 2,047, too many for
// one thread to read one after another. The digits of a set are carried as they are read, so that the digits
// of all sets fit into one. Where the gradient is clipped, no block can take a step before all blocks have
// summed: the block that draws the last ticket sees all gradients and does the rest alone. It also finishes
// the losses. Shared memory: 24 KB, for reductions only. Floats of different threads are added only as
// digits, so that no order of threads, blocks or tickets can change a bit. Oracle: compute_means and
// optimizer_step of src/core, through whole trainings on the cpu backend (tests/cuda).
#include "kernels/update/meta_update.hpp"

#include "kernels/device/exact_digits.cuh"
#include "kernels/update/gradient_norm.hpp"

namespace shoal::kernels {
namespace {

constexpr int threads = 256, columns = 32, groups = threads / columns, most_update_blocks = 512;
constexpr int losses = 2, loss_words = losses * exact_digits;
constexpr std::size_t shared_bytes = std::size_t{threads} * loss_words * sizeof(long long);

__device__ __forceinline__ int rank() {
  return static_cast<int>(threadIdx.x);
}

/// words[v][0] = the sum over threads of words[v][thread], for `count` values v.
__device__ __forceinline__ void sum_over_threads(long long* words, int count) {
  __syncthreads();
  for (int half = threads / 2; half > 0; half /= 2) {
    if (rank() < half)
      for (int v = 0; v < count; ++v) words[v * threads + rank()] += words[v * threads + rank() + half];
    __syncthreads();
  }
}

/// sum[d] += digit d of a set, whose digits are carried first.
__device__ __forceinline__ void add_carried(const long long* set, std::int64_t stride,
                                            long long (&sum)[exact_digits]) {
  long long digits[exact_digits];
#pragma unroll
  for (int d = 0; d < exact_digits; ++d) digits[d] = set[d * stride];
  carry_digits(digits, 1);
#pragma unroll
  for (int d = 0; d < exact_digits; ++d) sum[d] += digits[d];
}

/// The largest of all threads' values, returned to every thread.
__device__ __forceinline__ float largest_over_threads(float value, float* words) {
  words[rank()] = value;
  __syncthreads();
  for (int half = threads / 2; half > 0; half /= 2) {
    if (rank() < half) words[rank()] = fmaxf(words[rank()], words[rank() + half]);
    __syncthreads();
  }
  const float result = words[0];
  __syncthreads();
  return result;
}

/// Number of good tasks, returned to every thread. Each block counts for itself.
__device__ __forceinline__ int count_good(const UpdateArguments& job, long long* words) {
  int good = 0;
  const auto* const fours = reinterpret_cast<const std::uint32_t*>(job.status);  // allocations are aligned
  for (int i = rank(); i < job.tasks / 4; i += threads) {
    const std::uint32_t four = fours[i];
    for (int byte = 0; byte < 4; ++byte) good += (four >> (8 * byte) & 0xffu) == 0;
  }
  if (const int i = job.tasks / 4 * 4 + rank(); i < job.tasks) good += job.status[i] == 0;
  words[rank()] = good;
  sum_over_threads(words, 1);
  const auto result = static_cast<int>(words[0]);
  __syncthreads();
  return result;
}

/// Writes this block's part of the losses as carried digits.
__device__ __forceinline__ void sum_losses(const UpdateArguments& job, long long* words) {
  long long digits[losses][exact_digits] = {};
  int taken = 0;
  const int step = static_cast<int>(gridDim.x) * threads;
  for (int t = static_cast<int>(blockIdx.x) * threads + rank(); t < job.tasks; t += step) {
    if (job.status[t] != 0) continue;
    add_exactly(job.loss_before[t], digits[0], 1);
    add_exactly(job.loss_after[t], digits[1], 1);
    if (++taken % (exact_capacity - 1) == 0)
      for (auto& loss : digits) carry_digits(loss, 1);
  }
  for (int l = 0; l < losses; ++l) {
    carry_digits(digits[l], 1);
    for (int d = 0; d < exact_digits; ++d) words[(l * exact_digits + d) * threads + rank()] = digits[l][d];
  }
  sum_over_threads(words, loss_words);
  if (rank() < losses) {
    long long sum[exact_digits];
    for (int d = 0; d < exact_digits; ++d) sum[d] = words[(rank() * exact_digits + d) * threads];
    carry_digits(sum, 1);
    long long* const to = job.loss_digits + (static_cast<int>(blockIdx.x) * losses + rank()) * exact_digits;
    for (int d = 0; d < exact_digits; ++d) to[d] = sum[d];
  }
  __syncthreads();
}

/// Updates one parameter, from `now` to `next`.
__device__ __forceinline__ void step(const UpdateArguments& job, const UpdateScalars<float>& scalars, int i,
                                     float gradient) {
  float value = job.now.values[i];
  float first = keeps_first(scalars.kind) ? job.now.first[i] : 0.0f;
  float second = keeps_second(scalars.kind) ? job.now.second[i] : 0.0f;
  update_parameter(scalars, gradient, value, first, second);
  job.next.values[i] = value;
  if (keeps_first(scalars.kind)) job.next.first[i] = first;
  if (keeps_second(scalars.kind)) job.next.second[i] = second;
}

/// An array of sums: of theta or of the rates.
struct SumArray {
  long long* digits;  ///< [sets, 6, stride]
  std::int64_t stride;
  const std::int32_t* places;  ///< [count], -1: no sum; or null: every entry at its own place
  int count;
};

/// Computes the gradients of 32 neighbouring meta-parameters: entries `begin` .. of one array of sums, whose
/// first is entry `first_parameter` of all meta-parameters. Returns the largest magnitude that this thread
/// has seen.
__device__ __forceinline__ float sum_columns(const UpdateArguments& job, const UpdateScalars<float>& scalars,
                                             const SumArray& sums, int begin, int first_parameter, int good,
                                             long long* words) {
  const int column = rank() % columns, group = rank() / columns, i = begin + column;
  long long digits[exact_digits] = {};
  const int entry = i >= sums.count ? -1 : sums.places ? sums.places[i] : i;
  if (entry >= 0)
    for (int s = group; s < job.sets; s += groups) {
      long long* const set = sums.digits + s * exact_digits * sums.stride + entry;
      add_carried(set, sums.stride, digits);
#pragma unroll
      for (int d = 0; d < exact_digits; ++d) set[d * sums.stride] = 0;
    }
  for (int d = 0; d < exact_digits; ++d) words[(d * groups + group) * columns + column] = digits[d];
  __syncthreads();
  float magnitude = 0.0f;
  if (group == 0 && i < sums.count) {
    for (int d = 0; d < exact_digits; ++d) {
      digits[d] = 0;
      for (int other = 0; other < groups; ++other)
        digits[d] += words[(d * groups + other) * columns + column];
    }
    const float gradient = good > 0 ? round_digits(digits) / static_cast<float>(good) : 0.0f;
    job.gradient[first_parameter + column] = gradient;
    magnitude = fabsf(gradient);
    if (good > 0 && !(scalars.clip > 0.0)) step(job, scalars, first_parameter + column, gradient);
  }
  __syncthreads();
  return magnitude;
}

/// Clips and takes the step. One block runs this, after all gradients are written.
__device__ __forceinline__ void clip_and_step(const UpdateArguments& job, const UpdateScalars<float>& scalars,
                                              long long* words) {
  float magnitude = 0.0f;
  for (int b = rank(); b < static_cast<int>(gridDim.x); b += threads)
    magnitude = fmaxf(magnitude, job.largest[b]);
  magnitude = largest_over_threads(magnitude, reinterpret_cast<float*>(words));
  const int all = job.parameters + job.rates;
  double norm = 0.0;
  if (magnitude > 0.0f) {
    const int exponent = exponent_of(magnitude);
    long long digits[exact_digits] = {};
    int taken = 0;
    for (int i = rank(); i < all; i += threads) {
      add_exactly(scaled_square(job.gradient[i], exponent), digits, 1);
      if (++taken % (exact_capacity - 1) == 0) carry_digits(digits, 1);
    }
    carry_digits(digits, 1);
    for (int d = 0; d < exact_digits; ++d) words[d * threads + rank()] = digits[d];
    sum_over_threads(words, exact_digits);
    for (int d = 0; d < exact_digits; ++d) digits[d] = words[d * threads];
    norm = norm_of(round_digits(digits), exponent);
  }
  const auto factor = clip_factor<float>(norm, scalars.clip);
  for (int i = rank(); i < all; i += threads) step(job, scalars, i, job.gradient[i] * factor);
}

/// Computes the mean losses from the digits of all blocks.
__device__ __forceinline__ void summarize(const UpdateArguments& job, int good, long long* words) {
  for (int v = 0; v < loss_words; ++v) {
    long long sum = 0;
    for (int b = rank(); b < static_cast<int>(gridDim.x); b += threads)
      sum += job.loss_digits[b * loss_words + v];
    words[v * threads + rank()] = sum;
  }
  sum_over_threads(words, loss_words);
  if (rank() == 0) {
    float mean[losses];
    for (int l = 0; l < losses; ++l) {
      long long digits[exact_digits];
      for (int d = 0; d < exact_digits; ++d) digits[d] = words[(l * exact_digits + d) * threads];
      mean[l] =
          good > 0 ? round_digits(digits) / static_cast<float>(good) : from_bits(std::int32_t{0x7fc00000});
    }
    *job.summary = {mean[0], mean[1], good};
  }
  __syncthreads();
}

__global__ void __launch_bounds__(threads) meta_update_kernel(const UpdateArguments job) {
  SHOAL_SHARED_MEMORY(shared);
  auto* const words = reinterpret_cast<long long*>(shared);
  const UpdateScalars<float> scalars = job.inputs->scalars;
  const int good = count_good(job, words);
  sum_losses(job, words);
  const int of_theta = (job.parameters + columns - 1) / columns,
            of_rates = (job.rates + columns - 1) / columns;
  float magnitude = 0.0f;
  for (int c = static_cast<int>(blockIdx.x); c < of_theta + of_rates; c += static_cast<int>(gridDim.x)) {
    const bool theta = c < of_theta;
    const int begin = (theta ? c : c - of_theta) * columns;
    const SumArray sums = theta ? SumArray{job.sums, job.sum_count, job.sum_places, job.parameters}
                                : SumArray{job.rate_sums, job.rates, nullptr, job.rates};
    magnitude = fmaxf(magnitude, sum_columns(job, scalars, sums, begin,
                                             theta ? begin : job.parameters + begin, good, words));
  }
  magnitude = largest_over_threads(magnitude, shared);  // also a barrier: the block's writes are done
  bool last = false;
  if (rank() == 0) {
    job.largest[blockIdx.x] = magnitude;
    __threadfence();  // so that the block with the last ticket sees this block's writes
    last = atomicInc(job.ticket, gridDim.x - 1) == gridDim.x - 1;
    __threadfence();
  }
  if (!__syncthreads_or(last)) return;
  summarize(job, good, words);
  if (good > 0 && scalars.clip > 0.0) clip_and_step(job, scalars, words);
}

/// One thread per sum.
__global__ void sum_sets_kernel(const long long* from, int sets, std::int64_t count, long long* to) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += step) {
    long long sum[exact_digits] = {};
    for (int s = 0; s < sets; ++s) add_carried(from + s * exact_digits * count + i, count, sum);
#pragma unroll
    for (int d = 0; d < exact_digits; ++d) to[d * count + i] = sum[d];
  }
}

}  // namespace

int update_blocks(int meta_parameters) {
  const int wanted = (meta_parameters + columns - 1) / columns + 1;  // theta and rates each round up
  return wanted < most_update_blocks ? wanted : most_update_blocks;
}

const void* meta_update_address() {
  return reinterpret_cast<const void*>(&meta_update_kernel);
}

void launch_meta_update(const UpdateArguments& job, void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  const auto blocks = static_cast<unsigned>(update_blocks(job.parameters + job.rates));
  SHOAL_LAUNCH(meta_update_kernel, blocks, threads, shared_bytes, stream, job);
}

void launch_sum_sets(const long long* from, int sets, std::int64_t count, long long* to,
                     void* stream_handle) {
  [[maybe_unused]] const auto stream = static_cast<cudaStream_t>(stream_handle);
  constexpr unsigned wide = 128;
  const auto grid = static_cast<unsigned>((count + wide - 1) / wide);
  SHOAL_LAUNCH(sum_sets_kernel, grid, wide, 0, stream, from, sets, count, to);
}

}  // namespace shoal::kernels
