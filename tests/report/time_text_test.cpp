// SPDX-License-Identifier: Apache-2.0
// Years in the texts of times.
#include "report/time_text.hpp"

#include <gtest/gtest.h>

namespace shoal::report {
namespace {

TEST(time_text, years) {
  const std::vector<std::string> days = {"2018-01-31", "20190131", "31/12/2020", "2021Q3",
                                         "2022-02-01T16:00:05Z"};
  EXPECT_EQ(years_of(days), (std::vector<int>{2018, 2019, 2020, 2021, 2022}));
}

TEST(time_text, numbers_that_are_no_years) {
  EXPECT_TRUE(years_of(std::vector<std::string>{"2018", "17"}).empty());
  EXPECT_TRUE(years_of(std::vector<std::string>{"1500"}).empty());
  EXPECT_TRUE(years_of(std::vector<std::string>{"123456"}).empty());
  EXPECT_TRUE(years_of(std::vector<std::string>{""}).empty());
}

TEST(time_text, decimal_years) {
  EXPECT_EQ(decimal_year("2018"), 2018.0);
  EXPECT_EQ(decimal_year("2018-07"), 2018.5);
  EXPECT_EQ(decimal_year("2018Q3"), 2018.5);
  EXPECT_EQ(decimal_year("2018-07-01T10:00"), 2018.5);
  EXPECT_EQ(decimal_year("20180701"), 2018.5);
  EXPECT_LT(decimal_year("2018-12-31").value_or(0.0), 2019.0);
  EXPECT_FALSE(decimal_year("17"));
  EXPECT_FALSE(decimal_year("2018-13-01"));
  EXPECT_FALSE(decimal_year(""));
}

}  // namespace
}  // namespace shoal::report
