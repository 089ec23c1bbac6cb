// SPDX-License-Identifier: Apache-2.0
// fma without the instruction: bit for bit against integers of 128 bits and against the C library.
#include "kernels/math/emulated_fma.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace shoal::kernels {
namespace {

#if defined(SHOAL_EVERY_FLOAT)
constexpr int rounds = 400;
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 1;
#else
constexpr int rounds = 5;
#endif

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
__extension__ using Wide = __int128;

std::uint32_t image(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

/// magnitude 2^exponent, for a finite float.
struct Parts {
  bool negative;
  Wide magnitude;
  int exponent;
};
Parts parts_of(float x) {
  const std::uint32_t bits = image(x), field = bits >> 23 & 0xff, mantissa = bits & 0x7fffff;
  return {bits >> 31 != 0, field ? mantissa | 0x800000 : mantissa, static_cast<int>(field ? field : 1) - 150};
}

/// Rounds to the nearest float, ties to even.
float rounded(bool negative, Wide magnitude, int exponent) {
  int length = 0;
  while (length < 127 && magnitude >> length != 0) ++length;
  const int cut = std::max(length - 24, -149 - exponent);  // bits that a float does not have
  if (cut > 0) {
    const Wide half = Wide{1} << (std::min(cut, 126) - 1), rest = magnitude & (2 * half - 1);
    magnitude = cut > 126 ? 0 : magnitude >> cut;
    if (cut <= 126 && (rest > half || (rest == half && (magnitude & 1) != 0))) ++magnitude;
    exponent += cut;
  }
  // A magnitude of at most 2^24, which ldexp moves without rounding; above the largest float it overflows.
  const float result = std::ldexp(static_cast<float>(magnitude), exponent);
  return negative ? -result : result;
}

/// a b + c by the definition.
float exact_fma(float a, float b, float c) {
  if (!std::isfinite(a) || !std::isfinite(b)) return a * b + c;
  if (!std::isfinite(c)) return c;
  const Parts x = parts_of(a), y = parts_of(b), z = parts_of(c);
  Parts product = {x.negative != y.negative, x.magnitude * y.magnitude, x.exponent + y.exponent}, other = z;
  if (product.magnitude == 0 && other.magnitude == 0)
    return product.negative && other.negative ? -0.0f : 0.0f;
  if (product.magnitude == 0) return c;
  if (other.magnitude == 0) return rounded(product.negative, product.magnitude, product.exponent);
  // Writes both as multiples of one power of two. If the smaller one is below the last bit that counts, any
  // small value may replace it.
  const auto align = [](Parts& higher, Parts& lower) {
    constexpr int furthest = 76;
    const int apart = higher.exponent - lower.exponent;
    if (apart <= furthest) {
      higher.magnitude <<= apart;
    } else {
      higher.magnitude <<= furthest;
      lower.magnitude = 1;
    }
    higher.exponent -= std::min(apart, furthest);
    lower.exponent = higher.exponent;
  };
  if (product.exponent >= other.exponent)
    align(product, other);
  else
    align(other, product);
  const Wide sum = (product.negative ? -product.magnitude : product.magnitude) +
                   (other.negative ? -other.magnitude : other.magnitude);
  if (sum == 0) return 0.0f;
  return rounded(sum < 0, sum < 0 ? -sum : sum, product.exponent);
}

bool same(float x, float y) {
  return image(x) == image(y) || (std::isnan(x) && std::isnan(y));
}

/// Checks four cases at a time, and counts those where rounding to nearest twice would be wrong.
class Checked {
 public:
  void add(float a, float b, float c) {
    a_[count_] = a;
    b_[count_] = b;
    c_[count_] = c;
    if (++count_ == 4) check();
  }
  std::int64_t cases = 0, hard = 0;

 private:
  void check() {
    count_ = 0;
    const FourFloats together = emulated_fma(a_, b_, c_);
    for (int w = 0; w < 4; ++w) {
      const float a = a_[w], b = b_[w], c = c_[w], want = exact_fma(a, b, c), alone = emulated_fma(a, b, c);
      ++cases;
      const double twice = static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c);
      if (!same(want, static_cast<float>(twice))) ++hard;
      if (same(want, together[w]) && same(want, alone) && same(want, std::fmaf(a, b, c))) continue;
      if (++failures_ < 20)
        ADD_FAILURE() << std::hexfloat << a << " * " << b << " + " << c << ": " << want << ", in four lanes "
                      << together[w] << ", alone " << alone << ", C library " << std::fmaf(a, b, c);
    }
  }
  FourFloats a_{}, b_{}, c_{};
  int count_ = 0;
  std::int64_t failures_ = 0;
};

/// A significand of 24 bits of a kind that makes sums hard: few bits, long runs, anything.
std::uint32_t significand(std::mt19937_64& random) {
  const std::uint64_t bits = random();
  const auto kind = bits & 7;
  const auto one = [&](int at) { return std::uint32_t{1} << (bits >> at) % 24; };
  std::uint32_t value = static_cast<std::uint32_t>(bits >> 40);
  if (kind == 0) value = 0;
  if (kind == 1) value = one(8);
  if (kind == 2) value = one(8) | one(16) | one(24);
  if (kind == 3) value = 0xffffff;
  if (kind == 4) value = 0xffffff ^ one(8);
  if (kind == 5) value = one(8) - 1;
  return value | 0x800000;
}
/// significand 2^(exponent - 23), rounded if it is subnormal; the exponent is clamped to the range of floats.
float of(std::uint32_t bits, int exponent, bool negative) {
  const double value = std::ldexp(static_cast<double>(bits), std::clamp(exponent, -149, 127) - 23);
  return static_cast<float>(negative ? -value : value);
}

TEST(EmulatedFma, EveryDifferenceOfExponents) {
  std::mt19937_64 random(1);
  Checked checked;
  for (int round = 0; round < rounds; ++round)
    for (int difference = -300; difference <= 420; ++difference)
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t bits = random();
        // c from subnormal to the largest; the product is 2^difference times as large.
        const int of_c = static_cast<int>(bits % 277) - 149, of_product = of_c + difference;
        const int of_a = std::clamp(of_product / 2 + static_cast<int>(bits >> 16 & 63) - 32, -149, 127);
        checked.add(of(significand(random), of_a, bits >> 32 & 1),
                    of(significand(random), of_product - of_a, bits >> 33 & 1),
                    of(significand(random), of_c, bits >> 34 & 1));
      }
  RecordProperty("cases", std::to_string(checked.cases));
  EXPECT_GT(checked.hard, rounds) << "too few cases where rounding twice is wrong: the test is blunt";
}

TEST(EmulatedFma, SumsBesideTheMiddleOfTwoFloats) {
  // c is large, with an odd or even last bit, and the product is half a unit of it, a little more or less;
  // and the same with the roles exchanged.
  std::mt19937_64 random(2);
  Checked checked;
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < 40'000; ++i) {
      const std::uint64_t bits = random();
      const int exponent = static_cast<int>(bits % 250) - 125;
      const float c = of(significand(random), exponent, bits >> 32 & 1);
      const float half = std::ldexp(std::nextafterf(std::fabs(c), infinity) - std::fabs(c), -1);
      const float a = of(0x800000 + (bits >> 40 & 3), 0, bits >> 33 & 1);
      float b = half;
      for (auto steps = bits >> 44 & 3; steps > 0; --steps)
        b = std::nextafterf(b, bits >> 48 & 1 ? infinity : 0.0f);
      checked.add(a, b, c);
      // The product is near the middle of two floats, and c is tiny.
      const float wide = of(static_cast<std::uint32_t>(bits >> 36) | 0x800001, exponent / 2, false);
      checked.add(wide, 1.5f,
                  of(significand(random), exponent / 2 - 40 - static_cast<int>(bits >> 56 & 31), bits & 1));
    }
  EXPECT_GT(checked.hard, 1000 * rounds);
}

TEST(EmulatedFma, ResultsBelowTheNormalFloats) {
  std::mt19937_64 random(3);
  Checked checked;
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < 40'000; ++i) {
      const std::uint64_t bits = random();
      const bool negative = bits >> 32 & 1;
      const int of_a = static_cast<int>(bits % 120) - 60,
                of_product = -126 - static_cast<int>(bits >> 8 & 31);
      const auto c = std::bit_cast<float>(static_cast<std::uint32_t>(random() & 0x80ffffff));
      checked.add(of(significand(random), of_a, negative), of(significand(random), of_product - of_a, false),
                  c);
      // (1 + k)(1 - k) 2^-150, beside the middle of two multiples of 2^-149.
      const auto k = static_cast<std::uint32_t>(bits >> 40 & 15);
      checked.add(of(0x800000 + k, of_a, negative), of(0x800000 - k, -150 - of_a, false), c);
    }
  EXPECT_GT(checked.hard, 1000 * rounds);
}

TEST(EmulatedFma, AnyBits) {
  std::mt19937_64 random(4);
  Checked checked;
  const auto any = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(random() >> 32)); };
  for (int i = 0; i < 80'000 * rounds; ++i) checked.add(any(), any(), any());
}

TEST(EmulatedFma, SumsOfProductsKeepTheirRoundings) {
  // A compiler that ignores a conversion of a double to float and back would round such a sum only once.
  std::mt19937_64 random(5);
  const auto draw = [&] {
    return static_cast<float>(static_cast<std::int64_t>(random() >> 40) - 0x800000) * 0x1p-20f;
  };
  for (int i = 0; i < 20'000 * rounds; ++i) {
    constexpr int terms = 3;
    FourFloats a[terms], b[terms], c;
    for (int w = 0; w < 4; ++w) {
      c[w] = draw();
      for (int t = 0; t < terms; ++t) a[t][w] = draw(), b[t][w] = draw();
    }
    FourFloats together = c;
    for (int t = 0; t < terms; ++t) together = emulated_fma(a[t], b[t], together);
    for (int w = 0; w < 4; ++w) {
      float want = c[w], alone = c[w];
      for (int t = 0; t < terms; ++t) {
        want = exact_fma(a[t][w], b[t][w], want);
        alone = emulated_fma(a[t][w], b[t][w], alone);
      }
      ASSERT_EQ(image(together[w]), image(want));
      ASSERT_EQ(image(alone), image(want));
    }
  }
}

TEST(EmulatedFma, ZerosInfinitiesNanAndTheEndsOfTheRange) {
  constexpr float largest = std::numeric_limits<float>::max(), smallest = 0x1p-149f;
  std::vector<float> values = {
      0.0f,      1.0f,      1.5f,         3.0f,      largest,          0x1.fffffcp+127f, 0x1p+127f,
      0x1p+104f, 0x1p+103f, 0x1p+64f,     0x1p+63f,  0x1p-63f,         0x1p-64f,         0x1p-75f,
      0x1p-74f,  smallest,  3 * smallest, 0x1p-126f, 0x1.fffffcp-127f, 0x1.000002p-126f, infinity,
      nan};
  const std::size_t positive = values.size();
  for (std::size_t i = 0; i < positive; ++i) values.push_back(-values[i]);
  Checked checked;
  for (const float a : values)
    for (const float b : values)
      for (const float c : values) checked.add(a, b, c);
  EXPECT_EQ(checked.cases, static_cast<std::int64_t>(values.size() * values.size() * values.size()));
  // Some cases of the table above.
  EXPECT_EQ(image(emulated_fma(-0.0f, 1.0f, -0.0f)), image(-0.0f));
  EXPECT_EQ(image(emulated_fma(1.0f, 1.0f, -1.0f)), image(0.0f));
  EXPECT_EQ(emulated_fma(largest, 2.0f, -infinity), -infinity);
  EXPECT_EQ(emulated_fma(largest, 1.0f, 0x1p+103f), infinity);
  EXPECT_TRUE(std::isnan(emulated_fma(infinity, 0.0f, 1.0f)));
  EXPECT_TRUE(std::isnan(emulated_fma(infinity, 1.0f, -infinity)));
}

}  // namespace
}  // namespace shoal::kernels
