// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "block_clock.cuh"
#include "device_call.hpp"
#include "kernels/fixed/products.cuh"
#include "measurements.hpp"

namespace shoal::bench {
namespace {

/// A warp's product [32, 32] x [32, 32], as the market shape has it; with `pair`, two of them at once.
template <bool pair>
struct Product {
  static constexpr kernels::FixedTile tile{.down = 4, .across = 8, .rows = 8, .columns = 4};
  static constexpr int terms = 32, a_stride = 36, b_stride = 36;
  static constexpr bool two = pair, swizzled = false;
  static constexpr int matrix = 32 * 36;                                ///< floats
  static constexpr int multiply_adds = 8 * 4 * terms * (pair ? 2 : 1);  ///< of a lane
};
constexpr int matrices = 4;

template <bool pair>
__global__ void multiply(int rounds, WarpTimes* times, float* sink) {
  using P = Product<pair>;
  SHOAL_SHARED_MEMORY(shared);
  float* const own = shared + threadIdx.x / 32 * matrices * P::matrix;
  for (int i = static_cast<int>(threadIdx.x % 32); i < matrices * P::matrix; i += 32) own[i] = 1e-3f;
  const kernels::FixedPlace at =
      kernels::fixed_place<P::tile.down, P::tile.across>(static_cast<int>(threadIdx.x % 32));
  float sum[P::tile.rows][P::tile.columns] = {};
  WarpClock clock(times);
  __syncthreads();
  clock.begin();
#pragma unroll 1
  for (int round = 0; round < rounds; ++round)
    kernels::forward_product<P>(own, own + P::matrix, own + 2 * P::matrix, own + 3 * P::matrix, at, 0,
                                P::terms, sum);
  clock.end();
  float total = 0.0f;
  for (const auto& row : sum)
    for (const float value : row) total += value;
  if (total < 0.0f) *sink = total;  // uses what was computed
}

template <bool pair>
void measure(const Device& device) {
  using P = Product<pair>;
  const int rounds = device.brief ? 1 : 512, blocks = device.brief ? 1 : device.multiprocessors;
  const int shared = device.shared_of_a_lone_block();
  const auto kernel = multiply<pair>;
  require(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, device.shared_per_block),
          "cudaFuncSetAttribute");
  DeviceBuffer<float> sink(1);
  for (const int warps : {4, 6, 8}) {
    const int needed = warps * matrices * P::matrix * static_cast<int>(sizeof(float));
    const int bytes = needed > shared ? needed : shared;
    LaunchTimes times(blocks, warps);
    kernel<<<blocks, 32 * warps, bytes>>>(rounds, times.device(), sink.data());
    finish("multiply");
    constexpr double schedulers = 4.0;
    const double cycles = times.cycles_of_a_block();
    std::printf(
        "{\"measure\": \"product_8x4\", \"products\": %d, \"warps\": %d, "
        "\"share_of_fma_peak\": %.4f}\n",
        pair ? 2 : 1, warps,
        cycles > 0.0 ? 1.0 * rounds * P::multiply_adds * warps / (cycles * schedulers) : 0.0);
    std::fflush(stdout);
  }
}

}  // namespace

void measure_products(const Device& device) {
  measure<false>(device);
  measure<true>(device);
}

}  // namespace shoal::bench
