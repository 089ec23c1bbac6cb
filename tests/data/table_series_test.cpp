// SPDX-License-Identifier: Apache-2.0
// Series and columns of tables as they are.
#include <gtest/gtest.h>

#include <cmath>

#include <shoal/error.hpp>
#include <shoal/table_series.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

TableOptions options_of(const std::string& path) {
  TableOptions options;
  options.path = path;
  options.key = {"desk", "asset"};
  options.time = "date";
  return options;
}

TEST(TableSeries, AreOrderedByKeyAndTime) {
  const Scratch scratch;
  const std::string path = scratch.file("r.csv",
                                        "date,asset,desk,r\n"
                                        "2020-01-03,b,1,0.3\n"
                                        "2020-01-01,b,1,0.1\n"
                                        "2020-01-02,a,2,-1\n"
                                        "2020-01-02,b,1,0.2\n"
                                        "2020-01-09,a/x,1,5\n");
  const TableSeries series = read_series(options_of(path), "r", "2020-01-02", "--until");
  ASSERT_EQ(series.keys.size(), 3u);
  EXPECT_EQ(series.keys[0].key, (std::vector<std::string>{"1", "a/x"}));
  EXPECT_EQ(series.keys[0].name, "1/a\\/x");
  EXPECT_EQ(series.keys[0].past, 0u);
  const KeySeries& b = series.keys[1];
  EXPECT_EQ(b.values, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_EQ(b.rows, (std::vector<std::int64_t>{1, 3, 0}));
  EXPECT_EQ(b.times, (std::vector<std::string>{"2020-01-01", "2020-01-02", "2020-01-03"}));
  EXPECT_EQ(b.past, 1u);
  EXPECT_EQ(read_series(options_of(path), "r", "2021", "--until").keys[1].past, 3u);
}

TEST(TableSeries, RefuseWhatIsNone) {
  const Scratch scratch;
  const auto fails = [&](const std::string& rows, const std::string& part) {
    const std::string path = scratch.file("r.csv", "date,asset,desk,r\n" + rows);
    try {
      read_series(options_of(path), "r", "2020-01-02", "--until");
      ADD_FAILURE() << part;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  fails("2020-01-01,a,1,1\n2020-01-01,a,1,2\n",
        "r.csv:3: column \"date\": the key has the time \"2020-01-01\" twice");
  fails("2020-01-01,a,1,1\n2020-01-02,a,1,\n2020-01-03,a,1,2\n",
        "r.csv:3: column \"r\": the value is missing");
  fails("2020-01-01,a,1,x\n", "r.csv:2");
  const std::string path = scratch.file("r.csv", "date,asset,desk,r\n2020-01-01,a,1,1\n");
  EXPECT_THROW(read_series(options_of(path), "r", "soon", "--until"), InvalidArgument);
  TableOptions options = options_of(path);
  options.time.clear();
  EXPECT_THROW(read_series(options, "r", "2020-01-02", "--until"), InvalidArgument);
}

TEST(TableSeries, MayLackTheValueOfTheirLastDay) {
  const Scratch scratch;
  const std::string path =
      scratch.file("r.csv", "date,asset,desk,r\n2020-01-03,a,1,\n2020-01-01,a,1,1\n2020-01-02,a,1,2\n");
  const TableSeries series = read_series(options_of(path), "r", "2020-01-02", "--until");
  ASSERT_EQ(series.keys.size(), 1u);
  EXPECT_EQ(series.keys[0].past, 1u);
  ASSERT_EQ(series.keys[0].values.size(), 3u);
  EXPECT_EQ(series.keys[0].values[1], 2.0);
  EXPECT_TRUE(std::isnan(series.keys[0].values[2]));
}

TEST(ReadNumbers, GivesColumnsWithGaps) {
  const Scratch scratch;
  const std::string path = scratch.file("n.csv", "row,text,p\n3,a,0.5\n1,b,\n");
  const auto columns = read_numbers(path, {"p", "row"});
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[0][0], 0.5);
  EXPECT_TRUE(std::isnan(columns[0][1]));
  EXPECT_EQ(columns[1], (std::vector<double>{3, 1}));
  EXPECT_THROW(read_numbers(path, {"q"}), InvalidArgument);
  EXPECT_THROW(read_numbers(path, {"text"}), DataError);
  EXPECT_THROW(read_numbers((scratch / "none.csv").string(), {"p"}), Error);
  TableOptions options;
  options.path = path;
  EXPECT_EQ(read_numbers(options, "row", "risk.return"), (std::vector<double>{3, 1}));
  try {
    read_numbers(options, "q", "risk.return");
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("n.csv:1: there is no column \"q\"; risk.return asks for it"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace shoal
