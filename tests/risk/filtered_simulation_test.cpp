// SPDX-License-Identifier: Apache-2.0
// Historical simulation against numpy, row by row, and its corners.
#include <shoal/filtered_simulation.hpp>

#include <cmath>
#include <limits>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Numbers with_missing(const Json& list) {
  Numbers values;
  for (const Json& value : list) values.push_back(value.is_null() ? nan : value.get<double>());
  return values;
}

void expect_tails(const std::vector<TailForecast>& tails, const Json& expected, std::size_t levels,
                  const std::string& name) {
  ASSERT_EQ(tails.size(), expected.size() * levels) << name;
  std::size_t forecasts = 0;
  for (std::size_t i = 0; i < tails.size(); ++i) {
    const Json& one = expected[i / levels][i % levels];
    const std::string where = name + ", row " + std::to_string(i / levels);
    ASSERT_EQ(std::isnan(tails[i].var), one.is_null()) << where;
    ASSERT_EQ(std::isnan(tails[i].es), one.is_null()) << where;
    if (one.is_null()) continue;
    ++forecasts;
    expect_close(tails[i].var, one[0], 1e-12, where + ": VaR");
    expect_close(tails[i].es, one[1], 1e-12, where + ": ES");
  }
  EXPECT_GT(forecasts, 0) << name;
}

TEST(FilteredSimulation, AgreesWithNumpy) {
  for (const Json& f : fixtures_of("filtered_simulation")) {
    const Json& given = f["given"];
    const Numbers levels = numbers(given["levels"]);
    expect_tails(filtered_simulation(with_missing(given["returns"]), with_missing(given["variances"]), levels,
                                     given["residuals"], given["least"]),
                 f["expected"], levels.size(), f["name"]);
  }
}

TEST(FilteredSimulation, OfReturnsAgreesWithNumpy) {
  for (const Json& f : fixtures_of("historical_simulation")) {
    const Json& given = f["given"];
    const Numbers levels = numbers(given["levels"]);
    expect_tails(historical_simulation(with_missing(given["returns"]), levels, given["window"]),
                 f["expected"], levels.size(), f["name"]);
  }
}

TEST(FilteredSimulation, NoForecastDependsOnItsOwnReturnOrLaterOnes) {
  Numbers returns, variances;
  for (int row = 0; row < 60; ++row) {
    returns.push_back(std::sin(row * 1.7) * (1 + row % 5));
    variances.push_back(1.0 + row % 7);
  }
  const Numbers level = {0.1};
  const auto before = filtered_simulation(returns, variances, level, 30, 10);
  for (std::size_t row = 40; row < returns.size(); ++row) returns[row] = -100.0;
  for (std::size_t row = 41; row < returns.size(); ++row) variances[row] = 9.0;
  const auto after = filtered_simulation(returns, variances, level, 30, 10);
  for (std::size_t row = 10; row <= 40; ++row) {
    EXPECT_EQ(before[row].var, after[row].var) << row;
    EXPECT_EQ(before[row].es, after[row].es) << row;
  }
  EXPECT_NE(before[41].var, after[41].var);
}

TEST(FilteredSimulation, NeedsALeastNumberOfResiduals) {
  const Numbers returns(251, -1.0), variances(251, 4.0), level = {0.01};
  const auto tails = filtered_simulation(returns, variances, level, 1000);
  EXPECT_TRUE(std::isnan(tails[249].var));
  EXPECT_DOUBLE_EQ(tails[250].var, -1.0);  // the residual -1/2 times the deviation 2
  EXPECT_DOUBLE_EQ(tails[250].es, -1.0);
}

TEST(FilteredSimulation, RefusesWhatCannotBe) {
  const Numbers one = {1.0}, two = {1.0, 2.0}, level = {0.01};
  expect_error<InvalidArgument>([&] { filtered_simulation(two, one, level, 250); },
                                "filtered_simulation: needs columns of one size, at least 1, not 2 and 1");
  expect_error<InvalidArgument>(
      [&] {
        filtered_simulation(two, Numbers{1.0, 0.0}, level, 250);
      },
      "filtered_simulation: the variance of row 1 must be above 0 and finite, not 0.000000");
  expect_error<InvalidArgument>([&] { filtered_simulation(two, two, level, 249); },
                                "filtered_simulation: needs 1 <= least <= residuals, not 250 and 249");
  expect_error<InvalidArgument>([&] { filtered_simulation(two, two, {}, 250); },
                                "filtered_simulation: needs at least one level");
  expect_error<InvalidArgument>([&] { historical_simulation(two, Numbers{1.0}, 5); },
                                "historical_simulation: the level must lie between 0 and 1, not 1.000000");
  expect_error<InvalidArgument>([&] { historical_simulation(two, level, 0); },
                                "historical_simulation: the window must have at least 1 row, not 0");
  const Numbers infinite = {1.0, std::numeric_limits<double>::infinity()};
  expect_error<InvalidArgument>([&] { historical_simulation(infinite, level, 5); },
                                "historical_simulation: the return of row 1 is infinite");
}

}  // namespace
}  // namespace shoal::testing
