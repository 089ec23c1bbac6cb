// SPDX-License-Identifier: Apache-2.0
// Groups of rows by year and by column, from files and from memory. Covers row_groups, time_period.
#include <shoal/row_groups.hpp>

#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/table_series.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;
using Texts = std::vector<std::string>;
using Numbers = std::vector<std::int32_t>;

RowGroups by_year(const Texts& times, const std::string& format = "") {
  const Scratch scratch;
  std::string text = "time,x\n";
  for (const std::string& time : times) text += time + ",1\n";
  TableOptions options;
  options.path = scratch.file("t.csv", text);
  options.time = "time";
  options.time_format = format;
  return group_rows(options, "year");
}

TEST(RowGroups, YearsOfEveryFormatOfTimes) {
  const RowGroups days = by_year({"2009-01-01", "2008-12-31", "", "2009-12-31"});
  EXPECT_EQ(days.names, (Texts{"2008", "2009"}));
  EXPECT_EQ(days.of_row, (Numbers{1, 0, -1, 1}));
  EXPECT_EQ(by_year({"20081231", "20090101"}).names, (Texts{"2008", "2009"}));
  EXPECT_EQ(by_year({"2008", "2010"}).names, (Texts{"2008", "2010"}));
  EXPECT_EQ(by_year({"2008-12", "2009-01"}).names, (Texts{"2008", "2009"}));
  EXPECT_EQ(by_year({"2008-Q4", "2009-Q1"}).names, (Texts{"2008", "2009"}));
  // Week 1 of 2009 begins on Monday, 29 December 2008, and week 53 ends in January 2010.
  EXPECT_EQ(by_year({"2009-W01", "2009-W53"}).names, (Texts{"2009"}));
  EXPECT_EQ(by_year({"2008-12-31T23:30:00", "2009-01-01T00:00:00"}).names, (Texts{"2008", "2009"}));
  EXPECT_EQ(by_year({"2009-01-01T00:30:00+01:00", "2009-01-01T00:30:00Z"}).names, (Texts{"2008", "2009"}));
  EXPECT_EQ(by_year({"31.12.2008", "01.01.2009"}, "%d.%m.%Y").names, (Texts{"2008", "2009"}));
}

TEST(RowGroups, WholeNumbersHaveNoYear) {
  try {
    by_year({"7", "8"});
    ADD_FAILURE() << "not refused";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("\"7\" is a whole number, which has no year"), std::string::npos)
        << error.what();
  }
}

TEST(RowGroups, TextsOfAColumn) {
  const Scratch scratch;
  TableOptions options;
  options.path = scratch.file("t.csv", "sector,n\nbanks,007\n,7\noil,7\nbanks,007\n");
  const RowGroups groups = group_rows(options, "sector");
  EXPECT_EQ(groups.names, (Texts{"(missing)", "banks", "oil"}));
  EXPECT_EQ(groups.of_row, (Numbers{1, 0, 2, 1}));
  EXPECT_EQ(group_rows(options, "n").names, (Texts{"007", "7"}));  // as the file writes them
  EXPECT_THROW(group_rows(options, "sektor"), InvalidArgument);
  EXPECT_THROW(group_rows(options, "year"), InvalidArgument);  // there is no time
  const std::vector<TableColumn> memory = {TableColumn::of_texts("sector", Texts{"banks", "", "oil"})};
  EXPECT_EQ(group_rows(memory, {}, "sector").of_row, (Numbers{1, 0, 2}));
  EXPECT_THROW(group_rows(memory, {}, "n"), InvalidArgument);
}

TEST(RowGroups, ColumnsOfTexts) {
  const Scratch scratch;
  const std::string path = scratch.file("t.csv", "a,b\nx,1.50\n,\n\"y, z\",07\n");
  EXPECT_EQ(read_texts(path, {"b", "a"}), (std::vector<Texts>{{"1.50", "", "07"}, {"x", "", "y, z"}}));
  EXPECT_THROW(read_texts(path, {"a", "c"}), InvalidArgument);
}

}  // namespace
}  // namespace shoal
