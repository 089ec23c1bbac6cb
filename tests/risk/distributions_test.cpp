// SPDX-License-Identifier: Apache-2.0
// Distribution functions against 50 digits, and what they refuse. Covers saddle_point.
#include <shoal/distributions.hpp>

#include <limits>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

constexpr double tolerance = 1e-12;

TEST(Distributions, Normal) {
  for (const Json& f : fixtures_of("normal"))
    for (std::size_t i = 0; i < f["given"].size(); ++i) {
      const double z = f["given"][i];
      const std::string where = "z = " + std::to_string(z);
      // erfc of the C library is right to a few units in the last place of its argument.
      expect_close(normal_two_sided_p(z), f["expected"][i][0], tolerance, where, true);
      expect_close(normal_cdf(z), f["expected"][i][1], tolerance, where, true);
    }
}

TEST(Distributions, ChiSquare) {
  for (const Json& f : fixtures_of("chi_square"))
    for (std::size_t i = 0; i < f["given"].size(); ++i)
      expect_close(chi_square_survival(f["given"][i][0], f["given"][i][1]), f["expected"][i], tolerance,
                   f["given"][i].dump(), true);
  EXPECT_EQ(chi_square_survival(0.0, 3), 1.0);
  EXPECT_EQ(chi_square_survival(-1.0, 1), 1.0);
  EXPECT_EQ(chi_square_survival(std::numeric_limits<double>::infinity(), 4), 0.0);
  expect_error<InvalidArgument>([] { chi_square_survival(1.0, 0); },
                                "chi_square_survival: needs at least 1 degree of freedom, not 0");
}

TEST(Distributions, StudentT) {
  for (const Json& f : fixtures_of("student_t"))
    for (std::size_t i = 0; i < f["given"].size(); ++i)
      expect_close(student_t_two_sided_p(f["given"][i][0], f["given"][i][1]), f["expected"][i], tolerance,
                   f["given"][i].dump(), true);
  EXPECT_EQ(student_t_two_sided_p(0.0, 5), 1.0);
  EXPECT_EQ(student_t_two_sided_p(-std::numeric_limits<double>::infinity(), 5), 0.0);
  expect_error<InvalidArgument>([] { student_t_two_sided_p(1.0, 0); },
                                "student_t_two_sided_p: needs at least 1 degree of freedom, not 0");
}

TEST(Distributions, Binomial) {
  for (const Json& f : fixtures_of("binomial"))
    for (std::size_t i = 0; i < f["given"].size(); ++i) {
      const Json& given = f["given"][i];
      expect_close(binomial_pmf(given[0], given[1], given[2]), f["expected"][i][0], tolerance, given.dump(),
                   true);
      expect_close(binomial_cdf(given[0], given[1], given[2]), f["expected"][i][1], tolerance, given.dump(),
                   true);
    }
  EXPECT_EQ(binomial_pmf(-1, 5, 0.5), 0.0);
  EXPECT_EQ(binomial_pmf(6, 5, 0.5), 0.0);
  EXPECT_EQ(binomial_cdf(-1, 5, 0.5), 0.0);
  EXPECT_EQ(binomial_cdf(3, 5, 1.0), 0.0);
  EXPECT_EQ(binomial_cdf(0, 5, 0.0), 1.0);
}

TEST(Distributions, BinomialTest) {
  for (const Json& f : fixtures_of("binomial_test"))
    for (std::size_t i = 0; i < f["given"].size(); ++i)
      expect_close(binomial_two_sided_p(f["given"][i][0], f["given"][i][1], f["given"][i][2]),
                   f["expected"][i], 1e-9, f["given"][i].dump());
  const std::string trials = "binomial distribution: needs trials >= 0 and a probability in [0, 1]";
  expect_error<InvalidArgument>([] { binomial_two_sided_p(1, 2, 1.5); }, trials);
  expect_error<InvalidArgument>([] { binomial_cdf(1, -1, 0.5); }, trials);
  expect_error<InvalidArgument>([] { binomial_two_sided_p(3, 2, 0.5); },
                                "binomial_two_sided_p: needs successes from 0 to the number of trials");
}

}  // namespace
}  // namespace shoal::testing
