// SPDX-License-Identifier: Apache-2.0
// Times of a table, and boundaries among them; keys of a table.
#include <shoal/table_times.hpp>

#include <gtest/gtest.h>

#include <map>

#include <shoal/error.hpp>
#include <shoal/table_series.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

TEST(TableTimes, CountDifferentTimesAndFindOthersAmongThem) {
  const Scratch scratch;
  TableOptions options;
  options.path =
      scratch.file("t.csv", "date,x\n2020-03-01,1\n2020-01-01,2\n,3\n2020-03-01,4\n2021-01-01,5\n");
  options.time = "date";
  const TableTimes times(options);
  EXPECT_EQ(times.count(), 3);
  EXPECT_EQ(times.boundary("2019", "from"), 0);
  EXPECT_EQ(times.boundary("2020-01-01", "from"), 0);
  EXPECT_EQ(times.boundary("2020-01-02", "from"), 1);
  EXPECT_EQ(times.boundary("2020-03", "from"), 1);
  EXPECT_EQ(times.boundary("2021-01-02", "from"), 3);
  EXPECT_EQ(times.text(0), "2020-01-01");
  EXPECT_EQ(times.text(2), "2021-01-01");
  EXPECT_THROW(times.text(3), InvalidArgument);
  try {
    times.boundary("soon", "backtest.from");
    ADD_FAILURE();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("backtest.from = \"soon\""), std::string::npos) << error.what();
  }
  options.time.clear();
  EXPECT_THROW(TableTimes{options}, InvalidArgument);
}

TEST(ReadKeys, GivesTheirTextsAndNames) {
  const Scratch scratch;
  TableOptions options;
  options.path = scratch.file("t.csv", "desk,asset,x\n1,b,1\n1,a/x,2\n1,b,3\n2,,4\n");
  options.key = {"desk", "asset"};
  EXPECT_THROW(read_keys(options), DataError);
  options.missing = MissingPolicy::mean;
  const std::vector<TableKey> keys = read_keys(options);
  ASSERT_EQ(keys.size(), 3u);
  std::map<std::string, std::vector<std::string>> values;
  for (const TableKey& key : keys) values[key.name] = key.values;
  EXPECT_EQ(values["1/b"], (std::vector<std::string>{"1", "b"}));
  EXPECT_EQ(values["1/a\\/x"], (std::vector<std::string>{"1", "a/x"}));
  EXPECT_EQ(values["2/(missing)"], (std::vector<std::string>{"2", ""}));
  options.missing = MissingPolicy::drop;
  EXPECT_EQ(read_keys(options).size(), 2u);
  options.key.clear();
  EXPECT_THROW(read_keys(options), InvalidArgument);
}

}  // namespace
}  // namespace shoal
