// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>

#include "device_call.hpp"
#include "kernels/device/four_lanes.cuh"
#include "measurements.hpp"

namespace shoal::bench {
namespace {

constexpr unsigned mantissas = 1u << 23;
constexpr int threads = 256, exponent_bias = 127;

constexpr int seeds_off = 4;  // ulp

struct Found {
  unsigned differences;
  unsigned differences_of_seeds;  ///< with any seed within `seeds_off` of the quotient
  unsigned seed_error;            ///< of the hardware, the largest, in ulp
};

/// Every thread takes four neighbouring mantissas.
__global__ void compare_reciprocals(int exponent, Found* found) {
  const unsigned first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  kernels::FourLanes y;
  for (unsigned i = 0; i < 4; ++i)
    y.v[i] = __uint_as_float(static_cast<unsigned>(exponent + exponent_bias) << 23 | (first + i));
  const kernels::FourLanes got = kernels::power_over(kernels::FourLanes(1.0f), y);
  unsigned differences = 0, seed_error = 0;
  for (int i = 0; i < 4; ++i) {
    const float want = 1.0f / y.v[i];
    differences += __float_as_uint(got.v[i]) != __float_as_uint(want);
    const int error = __float_as_int(kernels::reciprocal_seed(y.v[i])) - __float_as_int(want);
    seed_error = max(seed_error, static_cast<unsigned>(abs(error)));
  }
  for (int off = -seeds_off; off <= seeds_off; ++off) {
    kernels::FourLanes seed;
    for (int i = 0; i < 4; ++i) seed.v[i] = __int_as_float(__float_as_int(1.0f / y.v[i]) + off);
    const kernels::FourLanes from_seed = kernels::reciprocal_from(seed, y);
    unsigned wrong = 0;
    for (int i = 0; i < 4; ++i) wrong += __float_as_uint(from_seed.v[i]) != __float_as_uint(1.0f / y.v[i]);
    if (wrong > 0) atomicAdd(&found->differences_of_seeds, wrong);
  }
  if (differences > 0) atomicAdd(&found->differences, differences);
  atomicMax(&found->seed_error, seed_error);
}

}  // namespace

bool measure_reciprocals(const Device& device) {
  bool same = true;
  for (const int exponent : {0, 1, 50, 99}) {
    if (device.brief && exponent > 0) break;
    DeviceBuffer<Found> found(1);
    compare_reciprocals<<<mantissas / 4 / threads, threads>>>(exponent, found.data());
    finish("compare_reciprocals");
    const Found result = found.fetch()[0];
    std::printf(
        "{\"measure\": \"reciprocal\", \"exponent\": %d, \"mantissas\": %u, \"differences\": %u, "
        "\"differences_of_seeds_within_4_ulp\": %u, \"largest_error_of_the_seed_in_ulp\": %u}\n",
        exponent, mantissas, result.differences, result.differences_of_seeds, result.seed_error);
    std::fflush(stdout);
    same = same && result.differences == 0 && result.differences_of_seeds == 0;
  }
  return same;
}

}  // namespace shoal::bench
