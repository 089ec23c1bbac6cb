// SPDX-License-Identifier: Apache-2.0
// Backtests of value at risk against SciPy, scikit-learn and mpmath, with the corners where logarithms of 0
// stand.
#include <shoal/value_at_risk.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

void expect_ratio(const LikelihoodRatio& ratio, const Json& expected, const std::string& where) {
  EXPECT_GE(ratio.lr, 0.0) << where;
  expect_close(ratio.lr, expected[0], 1e-9, where + ", ratio");
  expect_close(ratio.p, expected[1], 1e-9, where + ", p");
}

TEST(ValueAtRisk, AgreesWithOtherPackages) {
  for (const Json& f : fixtures_of("value_at_risk")) {
    const std::string name = f["name"];
    const Json &given = f["given"], &e = f["expected"];
    const VarMetrics m = var_metrics(numbers(given["target"]), numbers(given["var"]), given["level"],
                                     given.contains("es") ? numbers(given["es"]) : Numbers{});
    EXPECT_EQ(m.rows, e["rows"]) << name;
    EXPECT_EQ(m.exceedances, e["exceedances"]) << name;
    expect_close(m.rate, e["rate"], 1e-9, name + ": rate");
    expect_close(m.tick, e["tick"], 1e-9, name + ": tick");
    expect_ratio(m.kupiec, e["kupiec"], name + ": Kupiec");
    expect_close(m.binomial_p, e["binomial_p"], 1e-9, name + ": binomial");
    expect_ratio(m.independence, e["independence"], name + ": independence");
    expect_ratio(m.conditional_coverage, e["conditional_coverage"], name + ": conditional coverage");
    EXPECT_EQ(m.transitions, e["transitions"].get<Transitions>()) << name;
    EXPECT_EQ(m.traffic_light.window, e["traffic_light"][0]) << name;
    EXPECT_EQ(m.traffic_light.exceedances, e["traffic_light"][1]) << name;
    EXPECT_EQ(to_string(m.traffic_light.zone), e["traffic_light"][2].get<std::string>()) << name;
    ASSERT_EQ(m.z2.has_value(), e.contains("z2")) << name;
    if (!m.z2) continue;
    expect_close(m.z2, e["z2"], 1e-9, name + ": Z2");
    expect_close(m.fz0, e["fz0"], 1e-9, name + ": FZ0");
  }
}

TEST(ValueAtRisk, BaselZonesOfAYearAtOnePercent) {
  // Basel Committee 1996: green to 4, yellow from 5 to 9, red from 10.
  for (std::size_t count = 0; count <= 12; ++count) {
    bool exceeded[250] = {};
    for (std::size_t i = 0; i < count; ++i) exceeded[i * 7] = true;
    const TrafficZone zone = traffic_light(exceeded, 0.01).zone;
    EXPECT_EQ(zone, count <= 4   ? TrafficZone::green
                    : count <= 9 ? TrafficZone::yellow
                                 : TrafficZone::red)
        << count;
  }
}

TEST(ValueAtRisk, AKupiecRatioOfExactlyTheLevelIsZero) {
  EXPECT_LT(kupiec(1000, 10, 0.01).lr, 1e-20);
  EXPECT_GT(kupiec(1000, 10, 0.01).p, 1.0 - 1e-9);
}

TEST(ValueAtRisk, RefusesWhatCannotBe) {
  const Numbers y = {-1.0, 0.5}, v = {-2.0, -2.0};
  expect_error<InvalidArgument>([] { kupiec(10, 11, 0.01); },
                                "kupiec: needs at least 1 row and exceedances from 0 to the number of rows");
  expect_error<InvalidArgument>([] { kupiec(10, 1, 0.0); },
                                "kupiec: the level must lie between 0 and 1, not 0.000000");
  expect_error<InvalidArgument>(
      [] {
        independence({1, -1, 0, 0});
      },
      "independence: needs numbers of rows, at least 0");
  expect_error<InvalidArgument>([&] { var_metrics(y, Numbers{-2.0}, 0.01); },
                                "var_metrics: needs columns of one size, at least 1, not 2 and 1");
  expect_error<InvalidArgument>(
      [&] {
        var_metrics(y, v, 0.01, Numbers{-2.5, 0.0});
      },
      "var_metrics: the expected shortfall of row 1 must be below 0, not 0.000000");
  expect_error<InvalidArgument>(
      [&] {
        var_metrics(y, v, 0.6, Numbers{-2.5, -2.5});
      },
      "var_metrics: expected shortfall needs a level below 0.5");
}

}  // namespace
}  // namespace shoal::testing
