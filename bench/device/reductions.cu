// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "block_clock.cuh"
#include "device_call.hpp"
#include "measurements.hpp"

namespace shoal::bench {
namespace {

constexpr unsigned sums = 1u << 14;  // 128 KB: eight sets of the sums of a small network, in L2
constexpr int threads = 256;

/// Every warp adds 32 sums a round: lane n at n << stride from the first lane's. Rounds together cover all
/// sums, and warps begin at different ones.
__global__ void add(unsigned long long* to, unsigned stride, int rounds, WarpTimes* times) {
  const unsigned lane = threadIdx.x % 32, warp = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  unsigned step = warp * 37u;
  WarpClock clock(times);
  __syncthreads();
  clock.begin();
#pragma unroll 4
  for (int round = 0; round < rounds; ++round, ++step) {
    const unsigned first = (step >> stride << (stride + 5)) + (step & ((1u << stride) - 1));
    asm volatile("red.relaxed.gpu.global.add.u64 [%0], 1;" ::"l"(to + (first + (lane << stride)) % sums)
                 : "memory");
  }
  __threadfence();  // waits for the adds
  clock.end();
}

struct Pattern {
  const char* name;
  unsigned stride;  ///< between neighbouring lanes, as a power of two
};

}  // namespace

void measure_reductions(const Device& device) {
  const int rounds = device.brief ? 2 : 2048, blocks = device.brief ? 1 : 2 * device.multiprocessors;
  DeviceBuffer<unsigned long long> values(sums);
  cudaEvent_t begin, end;
  require(cudaEventCreate(&begin), "cudaEventCreate");
  require(cudaEventCreate(&end), "cudaEventCreate");
  for (const Pattern pattern :
       {Pattern{"neighbouring", 0}, Pattern{"a sector each", 2}, Pattern{"a line each", 4}}) {
    LaunchTimes times(blocks, threads / 32);
    float milliseconds = 0.0f;
    for (int repetition = 0; repetition < 2; ++repetition) {  // the first one warms up
      require(cudaEventRecord(begin), "cudaEventRecord");
      add<<<blocks, threads>>>(values.data(), pattern.stride, rounds, times.device());
      require(cudaEventRecord(end), "cudaEventRecord");
      finish("add");
      require(cudaEventElapsedTime(&milliseconds, begin, end), "cudaEventElapsedTime");
    }
    const double adds = 1.0 * rounds * threads * blocks;
    std::printf(
        "{\"measure\": \"reduction_8\", \"addresses\": \"%s\", \"adds_per_ns\": %.3f, "
        "\"cycles_of_a_block_per_warp_instruction\": %.3f}\n",
        pattern.name, milliseconds > 0.0f ? 1e-6 * adds / milliseconds : 0.0,
        times.cycles_of_a_block() / (1.0 * rounds * threads / 32));
    std::fflush(stdout);
  }
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
}

}  // namespace shoal::bench
