// SPDX-License-Identifier: Apache-2.0
// Dates of refits: leap days, ends of months, and texts that are no dates.
#include "backtest/refit_dates.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

std::string later(const std::string& text, int months) {
  const auto time = calendar_time(text);
  return time ? months_later(*time, months) : "none";
}

TEST(RefitDates, LieMonthsApart) {
  EXPECT_EQ(later("2006-01-01", 12), "2007-01-01");
  EXPECT_EQ(later("2006-11-15", 3), "2007-02-15");
  EXPECT_EQ(later("2006-01-01", -24), "2004-01-01");
  EXPECT_EQ(later("2006-03-07", -36), "2003-03-07");
  EXPECT_EQ(later("2006", 1), "2006-02-01");
  EXPECT_EQ(later("2006-05", 9), "2007-02-01");
}

TEST(RefitDates, EndWithTheirMonth) {
  EXPECT_EQ(later("2008-02-29", 12), "2009-02-28");
  EXPECT_EQ(later("2008-02-29", 48), "2012-02-29");
  EXPECT_EQ(later("2008-02-29", -24), "2006-02-28");
  EXPECT_EQ(later("2007-11-30", 3), "2008-02-29");
  EXPECT_EQ(later("2006-01-31", 1), "2006-02-28");
  EXPECT_EQ(later("2006-01-31", 2), "2006-03-31");
  EXPECT_EQ(later("1900-01-30", 1), "1900-02-28");
}

TEST(RefitDates, KeepWhatFollowsTheDay) {
  EXPECT_EQ(later("2006-01-31T00:00Z", 1), "2006-02-28T00:00Z");
  EXPECT_EQ(later("2006-01-31 09:30", 12), "2007-01-31 09:30");
}

TEST(RefitDates, AreDates) {
  for (const char* text : {"", "120", "06-01-01", "2006-13-01", "2006-02-29", "2006/01/01", "2006-1-1",
                           "2006-01-01x", "20060101", "2006-W01", "2006-Q1", "01.02.2006"})
    EXPECT_FALSE(calendar_time(text)) << text;
}

TEST(RefitDates, FollowTheNamesOfRefits) {
  EXPECT_EQ(months_between(Refit::never), 0);
  EXPECT_EQ(months_between(Refit::year), 12);
  EXPECT_EQ(months_between(Refit::quarter), 3);
  EXPECT_EQ(months_between(Refit::month), 1);
}

}  // namespace
}  // namespace shoal
