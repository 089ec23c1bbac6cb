// SPDX-License-Identifier: Apache-2.0
// power_over(1, y) of FourLanes is the rounded reciprocal, whatever seed within 4 ulp it begins with.
#include <gtest/gtest.h>

#include <cstdint>

#include "kernels/device/four_lanes.cuh"

namespace shoal::testing {
namespace {

/// Mantissas for which the result is not the rounded quotient, among every `step`-th, when the seed is `ulps`
/// off.
long wrong(int ulps, std::int32_t step) {
  long count = 0;
  for (std::int32_t mantissa = 0; mantissa < 1 << 23; mantissa += 4 * step) {
    kernels::FourLanes y, seed;
    for (int i = 0; i < 4; ++i) {
      y.v[i] = kernels::from_bits(std::int32_t{0x3f800000} | (mantissa + i * step) % (1 << 23));
      seed.v[i] = kernels::from_bits(kernels::bits(1.0f / y.v[i]) + ulps);
    }
    const kernels::FourLanes r = kernels::reciprocal_from(seed, y);
    for (int i = 0; i < 4; ++i) count += kernels::bits(r.v[i]) != kernels::bits(1.0f / y.v[i]);
  }
  return count;
}

TEST(Reciprocal, IsRoundedForEveryMantissaAndSeed) {
  for (int ulps = -4; ulps <= 4; ++ulps) EXPECT_EQ(wrong(ulps, ulps >= -1 && ulps <= 1 ? 1 : 7), 0) << ulps;
}

TEST(Reciprocal, IsRoundedForEveryExponent) {
  for (int exponent = 0; exponent < 100; ++exponent)
    for (const float mantissa : {1.0f, 0x1.000002p+0f, 0x1.5p+0f, 0x1.fffffcp+0f, 0x1.fffffep+0f}) {
      const float y = mantissa * kernels::from_bits((exponent + 127) << 23);
      for (const float power : {1.0f, 2.0f}) {
        const kernels::FourLanes r = kernels::power_over(kernels::FourLanes(power), kernels::FourLanes(y));
        EXPECT_EQ(kernels::bits(r.v[0]), kernels::bits(power / y)) << y;
      }
    }
}

}  // namespace
}  // namespace shoal::testing
