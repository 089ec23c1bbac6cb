// SPDX-License-Identifier: Apache-2.0
// Student's t: the quantile against printed tables and against an integral of the density.
#include "core/student_t.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

TEST(StudentT, AgreesWithTables) {
  const std::pair<std::int64_t, double> table[] = {
      {1, 12.7062047362},  {2, 4.3026527297},    {3, 3.1824463053},      {4, 2.7764451052},
      {5, 2.5705818356},   {9, 2.2621571628},    {10, 2.2281388520},     {29, 2.0452296421},
      {30, 2.0422724563},  {60, 2.0002978220},   {99, 1.9842169516},     {120, 1.9799304051},
      {200, 1.9718962236}, {1000, 1.9623390808}, {1000000, 1.9599663584}};
  for (const auto& [degrees, quantile] : table)
    EXPECT_NEAR(student_t_975(degrees), quantile, 2e-9 * quantile) << degrees;
  EXPECT_NEAR(student_t_975(std::int64_t{1} << 60), 1.959963984540054, 1e-14);
  expect_error<InvalidArgument>([] { student_t_975(0); },
                                "student_t_975: needs at least 1 degree of freedom, not 0");
}

/// P(|T| < t) by Simpson's rule on the density.
double integrated(double t, double n) {
  const double scale =
      std::exp(std::lgamma((n + 1) / 2) - std::lgamma(n / 2)) / std::sqrt(n * std::numbers::pi);
  const auto density = [&](double x) { return scale * std::pow(1 + x * x / n, -(n + 1) / 2); };
  constexpr int pieces = 20000;
  const double width = 2 * t / pieces;
  double sum = density(-t) + density(t);
  for (int i = 1; i < pieces; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(-t + i * width);
  return sum * width / 3;
}

TEST(StudentT, HoldsNineteenTwentiethsOnBothSidesOfTheExpansion) {
  for (const int degrees : {1, 2, 3, 4, 7, 8, 50, 199, 200, 201, 202, 500})
    EXPECT_NEAR(integrated(student_t_975(degrees), degrees), 0.95, 1e-9) << degrees;
  double last = student_t_975(1);
  for (int degrees = 2; degrees < 400; ++degrees) {
    const double next = student_t_975(degrees);
    EXPECT_LT(next, last) << degrees;
    last = next;
  }
}

}  // namespace
}  // namespace shoal::testing
