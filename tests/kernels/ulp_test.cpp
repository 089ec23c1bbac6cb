// SPDX-License-Identifier: Apache-2.0
// Accuracy of the shared maths, in units in the last place, against long double. The bounds are those of
// docs/numerics.md.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>

#include "kernels/math/activations.hpp"
#include "kernels/math/normal_quantile.hpp"
#include "kernels/math/trigonometric.hpp"
#include "support/activation_cases.hpp"
#include "support/typed_kinds.hpp"

namespace shoal::kernels {
namespace {

using testing::ActivationCase;

// Every float of a range, or every 997th of them (a prime: no bit of the mantissa is favoured).
#if defined(SHOAL_EVERY_FLOAT)
constexpr std::uint32_t stride = 1;
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t stride = 49999;
#else
constexpr std::uint32_t stride = 997;
#endif

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

long double ulp_of(long double x) {
  int exponent = 0;
  std::frexp(static_cast<float>(x), &exponent);
  return std::fabs(x) < 0x1p-126L ? 0x1p-149L : std::ldexp(1.0L, exponent - 24);
}

using Single = float (*)(float);
using Exact = long double (*)(long double);

/// Largest error over [low, high] where the exact result is a normal number of float (or zero).
void expect_within(const char* name, Single f, Exact exact, float low, float high, double bound) {
  double worst = 0.0;
  float at = 0.0f;
  const auto sweep = [&](std::uint32_t first, std::uint32_t last) {
    for (std::uint64_t image = first; image <= last; image += stride) {
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(image));
      if (!(x >= low && x <= high)) continue;
      const long double want = exact(static_cast<long double>(x));
      if (std::fabs(want) > 0x1.fffffep127L || (want != 0.0L && std::fabs(want) < 0x1p-126L)) continue;
      const float got = f(x);
      const auto error = static_cast<double>(std::fabs(static_cast<long double>(got) - want) / ulp_of(want));
      if (!(error <= worst)) {
        worst = std::isnan(error) ? 1e300 : error;
        at = x;
      }
    }
  };
  sweep(0, 0x7f7fffff);
  sweep(0x80000000u, 0xff7fffffu);
  std::printf("%-16s %5.2f ulp at %a\n", name, worst, static_cast<double>(at));
  EXPECT_LE(worst, bound) << name;
  EXPECT_TRUE(std::isnan(f(nan))) << name;
}

long double phi_of(long double x) {
  return 0.5L * std::erfc(-x / std::sqrt(2.0L));
}

// Newton's method on the distribution, from a start from which it converges.
long double quantile_of(long double p) {
  const bool upper = p > 0.5L;
  const long double tail = upper ? 1.0L - p : p;
  long double x = tail > 0.1L ? (tail - 0.5L) * 2.5L : -std::sqrt(-2.0L * std::log(tail)) + 0.9L;
  for (int i = 0; i < 100; ++i) {
    const long double density = std::exp(-0.5L * x * x) / std::sqrt(2.0L * 3.14159265358979323846264338L);
    const long double newton = (phi_of(x) - tail) / density, step = newton / (1.0L + 0.5L * x * newton);
    x -= step;
    if (std::fabs(step) <= 1e-18L * std::fabs(x)) break;
  }
  return upper ? -x : x;
}

TEST(Ulp, Exponentials) {
  expect_within(
      "exp", [](float x) { return exp(x); }, [](long double x) { return std::exp(x); }, -87.0f, 88.7f, 1.0);
}
/// tanh computes its exponential without the clamps of exp(), with the same bits for every float.
TEST(Bits, TanhIsThatOfTheClampedExponential) {
  for (std::uint64_t image = 0; image <= 0xffffffffu; image += stride) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(image));
    const float z = std::fabs(x), square = x * x;
    const float c[] = {-0x1.55553ep-2f, 0x1.1109bep-3f, -0x1.b89ab8p-5f, 0x1.54c3aap-6f, -0x1.8286e4p-8f};
    const float small = fma(x * square, polynomial(square, c), x), large = 1.0f - 2.0f / (exp(z + z) + 1.0f);
    const float want = z < 0.6f ? small : x < 0.0f ? -large : large, got = tanh(x);
    if (std::isnan(want) ? std::isnan(got)
                         : std::bit_cast<std::uint32_t>(got) == std::bit_cast<std::uint32_t>(want))
      continue;
    FAIL() << "tanh(" << x << ") is " << got << ", not " << want;
  }
}

TEST(Ulp, Logarithms) {
  expect_within(
      "log", [](float x) { return log(x); }, [](long double x) { return std::log(x); }, 1e-45f, 3.4e38f, 1.0);
}
TEST(Ulp, Trigonometric) {
  expect_within(
      "sin", [](float x) { return sin(x); }, [](long double x) { return std::sin(x); }, -32768.0f, 32768.0f,
      2.0);
  expect_within(
      "cos", [](float x) { return cos(x); }, [](long double x) { return std::cos(x); }, -32768.0f, 32768.0f,
      2.0);
}
TEST(Ulp, NormalDistribution) {
  expect_within(
      "erf", [](float x) { return erf(x); }, [](long double x) { return std::erf(x); }, -1e30f, 1e30f, 1.5);
  expect_within(
      "normal_quantile", [](float p) { return normal_quantile(p); }, quantile_of, 1e-38f, 0.4999f, 2.5);
}
TEST(Specials, LimitsZerosAndInfinities) {
  EXPECT_EQ(exp(-infinity), 0.0f);
  EXPECT_EQ(exp(-200.0f), 0.0f);
  EXPECT_EQ(exp(infinity), infinity);
  EXPECT_EQ(exp(89.0f), infinity);
  EXPECT_EQ(exp(0.0f), 1.0f);
  EXPECT_GT(exp(-100.0f), 0.0f);  // a denormal
  EXPECT_EQ(log(0.0f), -infinity);
  EXPECT_EQ(log(1.0f), 0.0f);
  EXPECT_EQ(log(infinity), infinity);
  EXPECT_TRUE(std::isnan(log(-1.0f)));
  EXPECT_NEAR(log(1e-45f), -103.2789f, 1e-4f);
  EXPECT_EQ(tanh(infinity), 1.0f);
  EXPECT_EQ(tanh(-infinity), -1.0f);
  EXPECT_EQ(tanh(-0.0f), 0.0f);
  EXPECT_EQ(sigmoid(infinity), 1.0f);
  EXPECT_EQ(sigmoid(-infinity), 0.0f);
  EXPECT_EQ(sigmoid(0.0f), 0.5f);
  EXPECT_EQ(softplus(infinity), infinity);
  EXPECT_EQ(softplus(-infinity), 0.0f);
  EXPECT_EQ(erf(infinity), 1.0f);
  EXPECT_EQ(erf(-infinity), -1.0f);
  EXPECT_EQ(normal_quantile(0.5f), 0.0f);
  EXPECT_EQ(normal_quantile(0.0f), -infinity);
  EXPECT_EQ(normal_quantile(1.0f), infinity);
  EXPECT_TRUE(std::isnan(normal_quantile(-0.1f)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.1f)));
  EXPECT_TRUE(std::isnan(sin(infinity)));
  EXPECT_TRUE(std::isnan(Relu::value(nan)));
  EXPECT_EQ(Relu::value(-infinity), 0.0f);
}

template <class Kind>
class ActivationMaths : public ::testing::Test {};
TYPED_TEST_SUITE(ActivationMaths, testing::TestsOf<Activations>, testing::KindNames);

TYPED_TEST(ActivationMaths, IsWithinItsUlps) {
  constexpr Activation kind = TypeParam::value;
  constexpr testing::Accuracy accuracy = ActivationCase<kind>::accuracy;
  expect_within(
      ActivationOf<kind>::name, [](float z) { return ActivationOf<kind>::value(z); },
      [](long double z) { return ActivationCase<kind>::value(z); }, accuracy.low, accuracy.high,
      accuracy.ulp);
}

TYPED_TEST(ActivationMaths, DerivativesAreThoseOfTheValue) {
  using F = ActivationOf<TypeParam::value>;
  const auto exact = [](long double z) { return ActivationCase<TypeParam::value>::value(z); };
  for (float z = -8.0f; z <= 8.0f; z += 0.037f) {
    float a, d1, d2;
    F::curvature(z, a, d1, d2);
    if (ActivationCase<TypeParam::value>::kink(static_cast<double>(z)) < 1e-3) continue;
    const long double h = 1e-4L, x = z;
    const long double slope = (exact(x + h) - exact(x - h)) / (2.0L * h);
    const long double curve = (exact(x + h) - 2.0L * exact(x) + exact(x - h)) / (h * h);
    EXPECT_NEAR(d1, static_cast<double>(slope), 3e-7) << z;
    EXPECT_NEAR(d2, static_cast<double>(curve), 1e-6) << z;
  }
}

/// value(), slope(), curvature() and the derivatives from the value agree bit for bit, and the struct states
/// its properties correctly.
TYPED_TEST(ActivationMaths, IsWhatItsStructSays) {
  using F = ActivationOf<TypeParam::value>;
  const auto image = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  bool curved = false;
  for (float z = -300.0f; z <= 300.0f; z += 0.037f) {
    const float a = F::value(z);
    float a1, a2, d1, d1_too, d2;
    F::slope(z, a1, d1);
    F::curvature(z, a2, d1_too, d2);
    ASSERT_EQ(image(a1), image(a)) << z;
    ASSERT_EQ(image(a2), image(a)) << z;
    ASSERT_EQ(image(d1), image(d1_too)) << z;
    if constexpr (F::from_value) {
      ASSERT_EQ(image(F::slope_of(a)), image(d1)) << z;
      ASSERT_EQ(image(F::second_derivative_of(a, d1)), image(d2)) << z;
    }
    curved = curved || d2 != 0.0f;
    ASSERT_LE(std::fabs(a), F::bound(std::fabs(static_cast<double>(z))) * (1.0 + 0x1p-22)) << z;
  }
  EXPECT_EQ(curved, F::curved);
}

}  // namespace
}  // namespace shoal::kernels
