// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "block_clock.cuh"
#include "device_call.hpp"
#include "measurements.hpp"

namespace shoal::bench {
namespace {

constexpr int bytes_of_an_instruction = 16, instructions_of_a_piece = 64;
constexpr int schedulers = 4;  // of a multiprocessor
constexpr int quarters = 4;    // parts of the code, at which warps can enter it

/// Eight independent chains of multiply-adds: no instruction waits for the one before it.
__device__ __forceinline__ void piece(float (&v)[8], float factor, float term) {
#define SHOAL_EIGHT                                           \
  "fma.rn.f32 %0, %0, %8, %9;\n fma.rn.f32 %1, %1, %8, %9;\n" \
  "fma.rn.f32 %2, %2, %8, %9;\n fma.rn.f32 %3, %3, %8, %9;\n" \
  "fma.rn.f32 %4, %4, %8, %9;\n fma.rn.f32 %5, %5, %8, %9;\n" \
  "fma.rn.f32 %6, %6, %8, %9;\n fma.rn.f32 %7, %7, %8, %9;\n"
  asm volatile(SHOAL_EIGHT SHOAL_EIGHT SHOAL_EIGHT SHOAL_EIGHT SHOAL_EIGHT SHOAL_EIGHT SHOAL_EIGHT SHOAL_EIGHT
               : "+f"(v[0]), "+f"(v[1]), "+f"(v[2]), "+f"(v[3]), "+f"(v[4]), "+f"(v[5]), "+f"(v[6]),
                 "+f"(v[7])
               : "f"(factor), "f"(term));
#undef SHOAL_EIGHT
}

template <int kib>
constexpr int instructions_of = kib * 1024 / bytes_of_an_instruction;

/// Executes its code `rounds` times. Before that, a warp executes the last quarters of the code, from quarter
/// `apart` * n on, where n counts the warps of its scheduler: with 0 all warps go through the code together.
template <int kib>
__global__ void run_straight(int rounds, int apart, float factor, WarpTimes* times, float* sink) {
  constexpr int pieces = instructions_of<kib> / instructions_of_a_piece / quarters;
  const auto quarter = [&](float(&v)[8]) {
#pragma unroll
    for (int i = 0; i < pieces; ++i) piece(v, factor, 0.5f);
  };
  float v[8] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f, 8.0f};
  int first = apart * static_cast<int>(threadIdx.x / 128);
  WarpClock clock(times);
  __syncthreads();
#pragma unroll 1
  for (int round = 0; round <= rounds; ++round) {
    if (round == 1) clock.begin();
    switch (first) {
      case 0:
        quarter(v);
        [[fallthrough]];
      case 1:
        quarter(v);
        [[fallthrough]];
      case 2:
        quarter(v);
        [[fallthrough]];
      default:
        quarter(v);
    }
    first = 0;
  }
  clock.end();
  float total = 0.0f;
  for (const float value : v) total += value;
  if (total < 0.0f) *sink = total;  // uses what was computed
}

template <int kib>
double cycles_per_instruction(int rounds, int blocks, int warps_per_scheduler, bool apart) {
  const int warps = schedulers * warps_per_scheduler;
  DeviceBuffer<float> sink(1);
  LaunchTimes times(blocks, warps);
  const auto kernel = run_straight<kib>;
  kernel<<<blocks, 32 * warps>>>(rounds, apart ? quarters / warps_per_scheduler : 0, 0.5f, times.device(),
                                 sink.data());
  finish("run_straight");
  return times.cycles_of_a_warp() / (1.0 * rounds * instructions_of<kib> * warps_per_scheduler);
}

template <int kib>
void measure(const Device& device) {
  constexpr int executed = 1 << 18, fewest = 8, most = executed / instructions_of<kib>;
  const int rounds = device.brief ? 1 : most < fewest ? fewest : most;
  for (const int blocks : {1, device.multiprocessors})
    for (const int warps : {1, 2, 4})
      for (const bool apart : {false, true}) {
        if ((apart && warps == 1) || (device.brief && blocks > 1)) continue;
        std::printf(
            "{\"measure\": \"straight_code\", \"kib\": %d, \"multiprocessors\": %d, "
            "\"warps_per_scheduler\": %d, \"warps_apart\": %s, \"cycles_per_instruction\": %.3f}\n",
            kib, blocks, warps, apart ? "true" : "false",
            cycles_per_instruction<kib>(rounds, blocks, warps, apart));
        std::fflush(stdout);
      }
}

}  // namespace

void measure_straight_code(const Device& device) {
  measure<8>(device);
  measure<16>(device);
  if (device.brief) return;
  measure<32>(device);
  measure<64>(device);
  measure<96>(device);
  measure<128>(device);
  measure<192>(device);
  measure<256>(device);
}

}  // namespace shoal::bench
