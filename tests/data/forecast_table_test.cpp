// SPDX-License-Identifier: Apache-2.0
// Forecasts read from files: by the rules of all tables, without rows that lack a value.
#include <shoal/forecast_table.hpp>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::expect_error;
using testing::Scratch;

using Numbers = std::vector<double>;
using Places = std::vector<std::int32_t>;

TEST(ForecastTable, LeavesOutRowsThatLackAValue) {
  const Scratch folder;
  const std::string path = folder.file("f.csv",
                                       "date,asset,extra,return,var,es\n"
                                       "2020-01-03,B,,0.5,-2,-3\n"
                                       "2020-01-02,B,x,NA,-2,-3\n"
                                       "2020-01-02,A,x,-2.5,-2,\n"
                                       ",A,x,0.1,-2,-3\n"
                                       "2020-01-02,,x,0.2,-2,-3\n"
                                       "2020-01-02,\"A, Inc\",x,0.25,-2,-3.5\n"
                                       "2020-01-02,C,x,0.3,nan,-3\n");
  const ForecastTable table = read_forecasts(
      path, {.target = "return", .forecast = "var", .shortfall = "es", .key = "asset", .time = "date"});
  EXPECT_EQ(table.target, (Numbers{0.5, 0.25}));
  EXPECT_EQ(table.forecast, (Numbers{-2, -2}));
  EXPECT_EQ(table.shortfall, (Numbers{-3, -3.5}));
  EXPECT_TRUE(table.against.empty());
  EXPECT_EQ(table.keys, (std::vector<std::string>{"A, Inc", "B"}));  // those of the rows that are left
  EXPECT_EQ(table.key, (Places{1, 0}));
  ASSERT_EQ(table.time.size(), 2u);
  EXPECT_GT(table.time[0], table.time[1]);
  EXPECT_EQ(table.left_out, 5);
  EXPECT_EQ(table.location(1), path + ":7");
  const ForecastTable bare = read_forecasts(path, {.target = "return", .forecast = "var"});
  EXPECT_EQ(bare.target.size(), 5u);
  EXPECT_TRUE(bare.key.empty() && bare.keys.empty() && bare.time.empty());
}

TEST(ForecastTable, ReadsWhatOtherTablesAreReadFrom) {
  const Scratch folder;
  const ForecastColumns columns{.target = "y", .forecast = "f", .time = "t"};
  const std::string semicolons =
      folder.file("s.csv", "\xef\xbb\xbfy;f;t\r\n1;0,5;03.02.2020\r\n0;0,25;01.03.2020\r\n");
  TableFormat format;
  format.decimal = ",";
  const ForecastTable table = read_forecasts(semicolons, columns, format, "%d.%m.%Y");
  EXPECT_EQ(table.forecast, (Numbers{0.5, 0.25}));
  EXPECT_EQ(table.time, (Places{0, 1}));
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_NE(table.notes[0].find("semicolons"), std::string::npos);
  // One column in two parts.
  const ForecastTable same = read_forecasts(semicolons, {.target = "y", .forecast = "y", .key = "y"}, format);
  EXPECT_EQ(same.forecast, same.target);
  EXPECT_EQ(same.keys, (std::vector<std::string>{"0", "1"}));
}

TEST(ForecastTable, RefusesByPlace) {
  const Scratch folder;
  const std::string path = folder.file("f.csv", "y,f,t\n1,0.5,2020\n0,abc,2021\n1,0.5,soon\n");
  expect_error<InvalidArgument>([&] { read_forecasts(path, {.target = "y", .forecast = "ff"}); },
                                path + ":1: there is no column \"ff\" (did you mean \"f\"?)");
  expect_error<InvalidArgument>([&] { read_forecasts(path, {.target = "y", .forecast = ""}); },
                                "read_forecasts: needs the names of the columns of target and forecast");
  const auto message_of = [&](const ForecastColumns& columns, const std::string& file) {
    try {
      read_forecasts(file, columns);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message_of({.target = "y", .forecast = "f"}, path).find(path + ":3: column \"f\": \"abc\""),
            std::string::npos);
  EXPECT_NE(message_of({.target = "y", .forecast = "y", .time = "t"}, path)
                .find(path + ":4: column \"t\" (time): \"soon\""),
            std::string::npos);
  EXPECT_EQ(message_of({.target = "y", .forecast = "f"}, folder.file("e.csv", "y,f\n,1\n1,\n")),
            (folder / "e.csv").string() + ": no row has a value in every column that is asked for");
}

}  // namespace
}  // namespace shoal
