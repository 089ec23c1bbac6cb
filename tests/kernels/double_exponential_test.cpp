// SPDX-License-Identifier: Apache-2.0
// exp and sigmoid in double: accuracy against long double, and fixed bits.
#include "kernels/math/double_exponential.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

namespace shoal::kernels {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Largest error in units in the last place (of the least denormal below the normal numbers).
template <class Function, class Exact>
double worst_error(Function f, Exact exact, double low, double high) {
  std::mt19937_64 random(1);
  double worst = 0.0;
  for (int i = 0; i < 200000; ++i) {
    const double x = low + (high - low) * (static_cast<double>(random() >> 11) * 0x1p-53);
    const long double want = exact(static_cast<long double>(x));
    int exponent = 0;
    std::frexp(static_cast<double>(want), &exponent);
    const long double ulp = std::ldexp(1.0L, std::max(exponent - 53, -1074));
    worst = std::max(worst, static_cast<double>(std::fabs(static_cast<long double>(f(x)) - want) / ulp));
  }
  return worst;
}

long double exp_of(long double x) {
  return std::exp(x);
}
long double sigmoid_of(long double x) {
  return 1.0L / (1.0L + std::exp(-x));
}

TEST(DoubleExponential, IsCorrectlyRoundedButForDenormals) {
  const auto f = [](double x) { return exp(x); };
  // Half an ulp, and the rounding of long double itself: half of its ulp, which is 2^-11 of that of a double.
  for (const auto& [low, high] :
       {std::pair(-1e-6, 1e-6), std::pair(-1.0, 1.0), std::pair(-40.0, 40.0), std::pair(-708.0, 709.7)}) {
    const double error = worst_error(f, exp_of, low, high);
    std::printf("exp in double    [%g, %g] %.5f ulp\n", low, high, error);
    EXPECT_LE(error, 0.5003) << low;
  }
  EXPECT_LE(worst_error(f, exp_of, -745.0, -708.0), 0.76) << "denormals round twice";
}

TEST(DoubleExponential, SigmoidIsWithinTwoAndAHalfUnits) {
  const auto f = [](double x) { return sigmoid(x); };
  for (const auto& [low, high] : {std::pair(-1.0, 1.0), std::pair(-40.0, 40.0), std::pair(-700.0, 0.0)}) {
    const double error = worst_error(f, sigmoid_of, low, high);
    std::printf("sigmoid in double [%g, %g] %.5f ulp\n", low, high, error);
    EXPECT_LE(error, 2.5) << low;
  }
}

TEST(DoubleExponential, EndsWhereDoublesEnd) {
  EXPECT_EQ(exp(0.0), 1.0);
  EXPECT_EQ(exp(-0.0), 1.0);
  EXPECT_EQ(exp(0x1p-60), 1.0);
  EXPECT_EQ(exp(0x1.62e42fefa39efp+9), 0x1.fffffffffff2ap+1023) << "the largest with a finite result";
  EXPECT_EQ(exp(0x1.62e42fefa39fp+9), infinity);
  EXPECT_EQ(exp(-0x1.74910d52d3051p+9), 0x1p-1074) << "the least with one above zero";
  EXPECT_EQ(exp(-0x1.74910d52d3052p+9), 0.0);
  EXPECT_EQ(exp(infinity), infinity);
  EXPECT_EQ(exp(-infinity), 0.0);
  EXPECT_EQ(exp(-1e300), 0.0);
  EXPECT_TRUE(std::isnan(exp(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(sigmoid(infinity), 1.0);
  EXPECT_EQ(sigmoid(-infinity), 0.0);
  EXPECT_EQ(sigmoid(0.0), 0.5);
  EXPECT_TRUE(std::isnan(sigmoid(std::numeric_limits<double>::quiet_NaN())));
}

// Fixed bits on any machine: exponentials with 40 decimal digits, rounded once, which an independent program
// has computed.
TEST(DoubleExponential, HasTheseBits) {
  std::mt19937_64 random(2);
  std::uint64_t hash = 14695981039346656037ull;
  for (int i = 0; i < 20000; ++i) {
    const double x = (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * 1400.0;
    for (const double value : {exp(x), sigmoid(x)})
      hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 1099511628211ull;
  }
  EXPECT_EQ(hash, 0x19728665a08d47cfull);
}

}  // namespace
}  // namespace shoal::kernels
