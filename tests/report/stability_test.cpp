// SPDX-License-Identifier: Apache-2.0
// The population stability of inputs. The index itself is tested in tests/risk; here it is computed by hand
// for columns that are cut out of rows.
#include "report/stability.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace shoal::report {
namespace {

TEST(stability, columns_are_compared_one_by_one) {
  std::vector<double> then, now;
  for (int i = 0; i < 100; ++i) then.insert(then.end(), {static_cast<double>(i), 1.0 * (i % 2)});
  for (int i = 0; i < 100; ++i) now.insert(now.end(), {static_cast<double>(i), i < 75 ? 1.0 : 0.0});
  const std::vector<std::string> names = {"same", "moved"};
  const auto found = drifts(names, then, now);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(found[0].index, 0.0, 1e-12);
  EXPECT_EQ(found[1].name, "moved");
  // half zeros and half ones become a quarter and three quarters
  EXPECT_NEAR(found[1].index, (0.25 - 0.5) * std::log(0.25 / 0.5) + (0.75 - 0.5) * std::log(0.75 / 0.5),
              1e-12);
}

TEST(stability, an_empty_group_counts_as_one_in_ten_thousand) {
  std::vector<double> then, now;
  for (int i = 0; i < 100; ++i) then.push_back(i);
  for (int i = 0; i < 100; ++i) now.push_back(1000.0 + i);
  const std::vector<std::string> names = {"x"};
  double expected = (1.0 - 0.1) * std::log(1.0 / 0.1);
  for (int i = 0; i < 9; ++i) expected += (1e-4 - 0.1) * std::log(1e-4 / 0.1);
  EXPECT_NEAR(drifts(names, then, now)[0].index, expected, 1e-12);
}

TEST(stability, values_that_are_missing_are_left_out) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::string> names = {"x", "all missing"};
  const auto found = drifts(names, std::vector<double>{1, nan, 2, nan}, std::vector<double>{1, 1, nan, 2});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "x");
}

}  // namespace
}  // namespace shoal::report
