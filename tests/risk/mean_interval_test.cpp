// SPDX-License-Identifier: Apache-2.0
// Intervals and comparisons of means against statsmodels and SciPy.
#include <shoal/mean_interval.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

std::vector<std::int32_t> times(const Json& list) {
  return list.get<std::vector<std::int32_t>>();
}

TEST(MeanInterval, StudentsT) {
  for (const Json& f : fixtures_of("student_interval")) {
    const MeanInterval interval = student_interval(numbers(f["given"]));
    EXPECT_EQ(interval.count, f["given"].size());
    expect_close(interval.mean, f["expected"]["mean"], 1e-9, f["name"]);
    expect_close(interval.half_width, f["expected"]["half_width"], 1e-9, f["name"]);
  }
  EXPECT_TRUE(std::isnan(student_interval(Numbers{1.0}).half_width));
  expect_error<InvalidArgument>([] { student_interval({}); },
                                "student_interval: needs columns of one size, at least 1, not 0 and 0");
}

TEST(MeanInterval, InTime) {
  for (const Json& f : fixtures_of("time_interval")) {
    const MeanInterval interval =
        time_interval(numbers(f["given"]["values"]), times(f["given"]["time"]), f["given"]["lag"]);
    EXPECT_EQ(interval.count, f["expected"]["count"]) << f["name"];
    EXPECT_EQ(interval.lag, f["expected"]["lag"]) << f["name"];
    expect_close(interval.mean, f["expected"]["mean"], 1e-9, f["name"]);
    expect_close(interval.half_width, f["expected"]["half_width"], 1e-9, f["name"]);
  }
  EXPECT_TRUE(std::isnan(time_interval(Numbers{1.0, 2.0}, times({3, 3}), 1).half_width));
}

TEST(MeanInterval, DieboldMariano) {
  for (const Json& f : fixtures_of("diebold_mariano")) {
    const Json &given = f["given"], &e = f["expected"];
    const std::string name = f["name"];
    const struct DieboldMariano test =
        diebold_mariano(numbers(given["loss"]), numbers(given["other"]), times(given["time"]), given["lag"]);
    EXPECT_EQ(test.periods, e["periods"]) << name;
    EXPECT_EQ(test.lag, e["lag"]) << name;
    expect_close(test.mean, e["mean"], 1e-9, name + ": mean");
    expect_close(test.t, e["t"], 1e-9, name + ": t");
    expect_close(test.p, e["p"], 1e-9, name + ": p");
  }
  expect_error<InvalidArgument>([] { diebold_mariano(Numbers{1.0}, Numbers{1.0}, times({0}), -1); },
                                "diebold_mariano: lag must be at least 0, not -1");
  expect_error<InvalidArgument>(
      [] {
        diebold_mariano(Numbers{1.0}, Numbers{1.0}, times({0, 1}), 1);
      },
      "diebold_mariano: needs columns of one size, at least 1, not 1 and 2");
}

TEST(MeanInterval, PairedValues) {
  // Differences 1, 2, 3, 2: mean 2, standard error sqrt(2/3) / 2; scipy.stats.ttest_rel gives this t and p.
  const MeanComparison test = student_comparison(Numbers{2, 4, 6, 3}, Numbers{1, 2, 3, 1});
  EXPECT_EQ(test.mean, 2.0);
  EXPECT_NEAR(test.t.value(), std::sqrt(24.0), 1e-12);
  EXPECT_NEAR(test.p.value(), 0.016276603459428555, 1e-12);
  EXPECT_FALSE(student_comparison(Numbers{2, 4}, Numbers{1, 3}).t);
  EXPECT_FALSE(student_comparison(Numbers{2}, Numbers{1}).t);
}

TEST(MeanInterval, TimesNeedNoOrderAndNoGapsMatter) {
  EXPECT_EQ(means_by_time(Numbers{5.0, 1.0, 3.0}, times({9, 2, 2})), (Numbers{2.0, 5.0}));
}

}  // namespace
}  // namespace shoal::testing
