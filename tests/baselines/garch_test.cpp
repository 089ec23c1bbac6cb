// SPDX-License-Identifier: Apache-2.0
// GARCH and GJR-GARCH against SciPy and arch (garch_fixture.py).
#include <gtest/gtest.h>

#include <cmath>

#include <shoal/error.hpp>
#include <shoal/garch.hpp>

#include "baselines/garch_fixture.hpp"

namespace shoal {
namespace {

using testing::GarchFixture;

TEST(Garch, LikelihoodIsThatOfSciPysFilter) {
  for (const GarchFixture& fixture : testing::garch_fixtures) {
    const testing::ReturnsCase& c = fixture.returns;
    const GarchParameters given{c.omega, c.alpha, c.gamma, c.beta == 0.0 ? 0.3 : c.beta};
    const double ours = garch_loglikelihood(given, testing::returns_of(c));
    EXPECT_NEAR(ours / fixture.at_given, 1.0, 1e-9) << c.seed;
  }
}

TEST(Garch, FitIsTheBestThatAnybodyFinds) {
  for (const GarchFixture& fixture : testing::garch_fixtures) {
    SCOPED_TRACE(fixture.returns.seed);
    const std::vector<double> returns = testing::returns_of(fixture.returns);
    for (const GarchKind kind : {GarchKind::garch, GarchKind::gjr}) {
      const GarchFit fit = fit_garch(kind, returns);
      const GarchParameters& p = fit.parameters;
      EXPECT_GT(fit.loglikelihood, (kind == GarchKind::garch ? fixture.best_garch : fixture.best_gjr) - 0.01)
          << to_string(kind);
      EXPECT_GT(p.omega, 0.0);
      EXPECT_GE(p.alpha, 0.0);
      EXPECT_GE(p.alpha + p.gamma, 0.0);
      EXPECT_GE(p.beta, 0.0);
      EXPECT_LT(p.alpha + 0.5 * p.gamma + p.beta, 1.0);
      EXPECT_TRUE(kind == GarchKind::gjr || p.gamma == 0.0);
      EXPECT_EQ(fit.rows, std::ssize(returns));
      EXPECT_EQ(fit.loglikelihood, garch_loglikelihood(p, returns));
    }
  }
}

TEST(Garch, UnitOfReturnsDoesNotMatter) {
  const testing::ReturnsCase c{77, 600, 0.05, 0.05, 0.08, 0.88, 0.0};
  std::vector<double> returns = testing::returns_of(c);
  const GarchFit fit = fit_garch(GarchKind::gjr, returns);
  for (double& r : returns) r *= 0.01;
  const GarchFit small = fit_garch(GarchKind::gjr, returns);
  EXPECT_NEAR(small.parameters.omega / (1e-4 * fit.parameters.omega), 1.0, 1e-4);
  EXPECT_NEAR(small.parameters.beta, fit.parameters.beta, 1e-5);
}

TEST(Garch, VariancesFollowTheRecursion) {
  const GarchParameters p{0.1, 0.2, 0.3, 0.4};
  const std::vector<double> returns = {1.0, -2.0};
  const std::vector<double> h = garch_variances(p, 5.0, returns);
  ASSERT_EQ(h.size(), 3u);
  EXPECT_EQ(h[0], 5.0);
  EXPECT_NEAR(h[1], 0.1 + 0.2 * 1.0 + 0.4 * 5.0, 1e-15);
  EXPECT_NEAR(h[2], 0.1 + 0.5 * 4.0 + 0.4 * h[1], 1e-15);
}

TEST(Garch, RefusesWhatIsNoSeries) {
  EXPECT_THROW(fit_garch(GarchKind::garch, std::vector<double>(9, 1.0)), DataError);
  EXPECT_THROW(fit_garch(GarchKind::garch, std::vector<double>(20, 0.0)), DataError);
  std::vector<double> returns(20, 1.0);
  returns[7] = NAN;
  EXPECT_THROW(fit_garch(GarchKind::gjr, returns), DataError);
  returns[7] = -1.0;
  EXPECT_GT(fit_garch(GarchKind::gjr, returns).parameters.omega, 0.0);
}

}  // namespace
}  // namespace shoal
