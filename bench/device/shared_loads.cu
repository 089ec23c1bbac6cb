// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "block_clock.cuh"
#include "device_call.hpp"
#include "measurements.hpp"

namespace shoal::bench {
namespace {

constexpr int loads_of_a_round = 16, bytes_between_loads = 512, shared_bytes = 16 * 1024;

/// The bits of a lane's number that are not in `ignored`, side by side: lanes that differ in ignored bits
/// alone get equal results.
__device__ int without_bits(int lane, int ignored) {
  int result = 0, place = 0;
  for (int bit = 0; bit < 5; ++bit)
    if ((ignored >> bit & 1) == 0) result |= (lane >> bit & 1) << place++;
  return result;
}

template <int offset>
__device__ __forceinline__ void load(unsigned address, unsigned& a, unsigned& b) {
  unsigned v0, v1, v2, v3;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4 + %5];"
               : "=r"(v0), "=r"(v1), "=r"(v2), "=r"(v3)
               : "r"(address), "n"(offset));
  a ^= v0 ^ v1;
  b ^= v2 ^ v3;
}

/// `flip` is 0, which the compiler does not know: every round loads again.
__global__ void load_shared(int ignored, int rounds, unsigned flip, WarpTimes* times, unsigned* sink) {
  extern __shared__ uint4 memory[];
  for (unsigned i = threadIdx.x; i < shared_bytes / sizeof(uint4); i += blockDim.x)
    memory[i] = make_uint4(i, i, i, i);
  unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(memory)) +
                     16 * without_bits(static_cast<int>(threadIdx.x % 32), ignored);
  unsigned a = 0, b = 0;
  WarpClock clock(times);
  __syncthreads();
  clock.begin();
#pragma unroll 1
  for (int round = 0; round < rounds; ++round) {
    load<0 * bytes_between_loads>(address, a, b);
    load<1 * bytes_between_loads>(address, a, b);
    load<2 * bytes_between_loads>(address, a, b);
    load<3 * bytes_between_loads>(address, a, b);
    load<4 * bytes_between_loads>(address, a, b);
    load<5 * bytes_between_loads>(address, a, b);
    load<6 * bytes_between_loads>(address, a, b);
    load<7 * bytes_between_loads>(address, a, b);
    load<8 * bytes_between_loads>(address, a, b);
    load<9 * bytes_between_loads>(address, a, b);
    load<10 * bytes_between_loads>(address, a, b);
    load<11 * bytes_between_loads>(address, a, b);
    load<12 * bytes_between_loads>(address, a, b);
    load<13 * bytes_between_loads>(address, a, b);
    load<14 * bytes_between_loads>(address, a, b);
    load<15 * bytes_between_loads>(address, a, b);
    address ^= flip;
  }
  clock.end();
  if ((a ^ b) == 0x5eed) *sink = a;  // uses what was loaded
}

struct Pattern {
  const char* name;
  int ignored;  ///< bits of the lane's number
};

}  // namespace

void measure_shared_loads(const Device& device) {
  const int rounds = device.brief ? 1 : 512, blocks = device.brief ? 1 : device.multiprocessors;
  require(cudaFuncSetAttribute(load_shared, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               device.shared_of_a_lone_block()),
          "cudaFuncSetAttribute");
  DeviceBuffer<unsigned> sink(1);
  for (const Pattern pattern :
       {Pattern{"distinct", 0}, Pattern{"n = n^1", 1}, Pattern{"n = n^2", 2}, Pattern{"n = n^1 = n^2", 3},
        Pattern{"n = n^4", 4}, Pattern{"n = n^8", 8}, Pattern{"n = n^16", 16}, Pattern{"all equal", 31}})
    for (const int warps : {8, 16}) {
      LaunchTimes times(blocks, warps);
      load_shared<<<blocks, 32 * warps, device.shared_of_a_lone_block()>>>(pattern.ignored, rounds, 0,
                                                                           times.device(), sink.data());
      finish("load_shared");
      std::printf(
          "{\"measure\": \"shared_load_16\", \"addresses\": \"%s\", \"warps\": %d, "
          "\"wavefronts_per_load\": %.3f}\n",
          pattern.name, warps, times.cycles_of_a_block() / (1.0 * rounds * loads_of_a_round * warps));
      std::fflush(stdout);
    }
}

}  // namespace shoal::bench
