// SPDX-License-Identifier: Apache-2.0
// Which periods and which keys the folds of a backtest have, and what their runs may see.
#include "backtest/folds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <shoal/error.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

/// Two keys with a row on the first and the fifteenth of every month from 2004 to 2008.
std::string months_of_five_years() {
  std::string text = "asset,date,x,y\n";
  for (const char* key : {"a", "b"})
    for (int month = 0; month < 60; ++month)
      for (const char* day : {"-01", "-15"}) {
        char date[32];
        std::snprintf(date, sizeof date, "%d-%02d%s", 2004 + month / 12, month % 12 + 1, day);
        text += std::string(key) + "," + date + ",1,2\n";
      }
  return text;
}

RunConfig config_of(const std::string& path, const std::string& from) {
  RunConfig config;
  config.tasks.source = TaskSourceKind::table;
  TableOptions& table = config.tasks.table;
  table.path = path;
  table.key = {"asset"};
  table.time = "date";
  table.features = {"x"};
  table.targets = {"y"};
  table.windows = {.support = 4, .query = 2, .stride = 0, .purge = 3};
  config.backtest.from = from;
  return config;
}

TEST(TimeFolds, CoverThePeriodWithoutGaps) {
  const Scratch scratch;
  const RunConfig config = config_of(scratch.file("t.csv", months_of_five_years()), "2006-01-15");
  const TableTimes times(config.tasks.table);
  EXPECT_EQ(times.count(), 120);
  const std::map<Refit, std::size_t> counts = {
      {Refit::never, 1}, {Refit::year, 3}, {Refit::quarter, 12}, {Refit::month, 36}};
  for (const auto& [refit, count] : counts) {
    const std::vector<Fold> folds = time_folds(config, refit, times);
    ASSERT_EQ(folds.size(), count) << to_string(refit);
    EXPECT_EQ(folds.front().begin, 49);
    EXPECT_EQ(folds.back().end, 120);
    EXPECT_EQ(folds.back().to, "");
    for (std::size_t f = 0; f < folds.size(); ++f) {
      EXPECT_EQ(folds[f].name, folds[f].from);
      EXPECT_EQ(folds[f].config.tasks.table.split.test_from, folds[f].from);
      EXPECT_EQ(times.boundary(folds[f].from, "from"), folds[f].begin);
      EXPECT_LT(folds[f].begin, folds[f].end);
      if (f > 0) {
        EXPECT_EQ(folds[f].begin, folds[f - 1].end);
        EXPECT_EQ(folds[f].from, folds[f - 1].to);
      }
    }
  }
  const std::vector<Fold> quarters = time_folds(config, Refit::quarter, times);
  EXPECT_EQ(quarters[1].from, "2006-04-15");
  EXPECT_EQ(quarters[1].end - quarters[1].begin, 6);
}

TEST(TimeFolds, EndWhereTheyAreTold) {
  const Scratch scratch;
  RunConfig config = config_of(scratch.file("t.csv", months_of_five_years()), "2006");
  config.backtest.to = "2007-03-01";
  const TableTimes times(config.tasks.table);
  const std::vector<Fold> folds = time_folds(config, Refit::year, times);
  ASSERT_EQ(folds.size(), 2u);
  EXPECT_EQ(folds[0].to, "2007-01-01");
  EXPECT_EQ(folds[1].to, "2007-03-01");
  EXPECT_EQ(folds[1].end - folds[1].begin, 4);
}

TEST(TimeFolds, HaveRunsThatSeeWhatWasKnown) {
  const Scratch scratch;
  RunConfig config = config_of(scratch.file("t.csv", months_of_five_years()), "2006-01-01");
  config.backtest.validation_years = 1;
  config.tasks.table.split.validation_from = "2001";
  const TableTimes times(config.tasks.table);
  for (const Fold& fold : time_folds(config, Refit::year, times)) {
    const SplitOptions& split = fold.config.tasks.table.split;
    EXPECT_EQ(split.by, "time");
    EXPECT_EQ(std::stoi(split.validation_from.substr(0, 4)) + 1, std::stoi(fold.from.substr(0, 4)));
    EXPECT_EQ(split.train_from, "");
    EXPECT_EQ(split.purge, 3);
    EXPECT_EQ(fold.config.backtest, BacktestConfig{});
  }
  config.backtest.window = 2;
  const std::vector<Fold> rolling = time_folds(config, Refit::year, times);
  EXPECT_EQ(rolling[0].config.tasks.table.split.train_from, "2004-01-01");
  EXPECT_EQ(rolling[2].config.tasks.table.split.train_from, "2006-01-01");
  config.backtest.validation_years = 0;
  EXPECT_EQ(time_folds(config, Refit::year, times)[0].config.tasks.table.split.validation_from, "");
}

TEST(TimeFolds, TakeNumbersForTimesWhereNothingIsRefitted) {
  const Scratch scratch;
  std::string text = "asset,date,x,y\n";
  for (int day = 0; day < 50; ++day) text += "a," + std::to_string(day) + ",1,2\n";
  RunConfig config = config_of(scratch.file("t.csv", text), "30");
  config.tasks.table.split.validation_from = "20";
  const TableTimes times(config.tasks.table);
  const std::vector<Fold> folds = time_folds(config, Refit::never, times);
  ASSERT_EQ(folds.size(), 1u);
  EXPECT_EQ(folds[0].name, "fold-1");
  EXPECT_EQ(folds[0].config.tasks.table.split.validation_from, "20");
  EXPECT_THROW(time_folds(config, Refit::year, times), InvalidArgument);
}

TEST(TimeFolds, RefuseWhatCannotBe) {
  const Scratch scratch;
  RunConfig config = config_of(scratch.file("t.csv", months_of_five_years()), "");
  const TableTimes times(config.tasks.table);
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& part) {
    config.backtest.from = from;
    config.backtest.to = to;
    try {
      time_folds(config, Refit::year, times);
      ADD_FAILURE() << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), 2);
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refused("", "", "must say where it begins");
  refused("2010", "", "no row lies from there on");
  refused("2004", "", "no row lies before it");
  refused("2006", "2005", "to backtest.to");
  refused("soon", "", "needs a date");
  const RunConfig gap = config_of(
      scratch.file("g.csv", "asset,date,x,y\na,2004-01-01,1,2\na,2005-01-01,1,2\na,2008-01-01,1,2\n"),
      "2005");
  EXPECT_THROW(time_folds(gap, Refit::year, TableTimes(gap.tasks.table)), DataError);
}

std::vector<TableKey> keys(int count) {
  std::vector<TableKey> result;
  for (int k = 0; k < count; ++k) {
    const std::string name = "k" + std::to_string(k);
    result.push_back({{name}, name, 1000 + k});
  }
  return result;
}

TEST(KeyFolds, CoverEveryKeyOnce) {
  RunConfig config;
  config.tasks.table.split.train = 0.6;
  config.tasks.table.split.validation = config.tasks.table.split.test = 0.2;
  for (const int groups : {2, 5, 11, -1}) {
    config.backtest.folds = groups;
    const std::vector<Fold> folds = key_folds(config, keys(11));
    ASSERT_EQ(folds.size(), groups < 0 ? 11u : static_cast<std::size_t>(groups));
    std::set<std::string> seen;
    for (const Fold& fold : folds) {
      EXPECT_GE(fold.keys.size(), 11 / folds.size());
      EXPECT_LE(fold.keys.size(), 11 / folds.size() + 1);
      const TableOptions& table = fold.config.tasks.table;
      ASSERT_EQ(table.hold_out.size(), fold.keys.size());
      for (const std::string& key : table.hold_out) EXPECT_TRUE(seen.insert(key).second) << key;
      EXPECT_DOUBLE_EQ(table.split.train, 0.75);
      EXPECT_DOUBLE_EQ(table.split.train + table.split.validation, 1.0);
      EXPECT_EQ(table.split.test, 0.0);
    }
    EXPECT_EQ(seen.size(), 11u);
  }
}

TEST(KeyFolds, DependOnTheSeedAlone) {
  RunConfig config;
  config.backtest.folds = 3;
  const auto names = [&](std::vector<TableKey> of) {
    std::vector<std::string> result;
    for (const Fold& fold : key_folds(config, std::move(of)))
      for (const TableKey& key : fold.keys) result.push_back(key.name);
    return result;
  };
  std::vector<TableKey> turned = keys(12);
  std::reverse(turned.begin(), turned.end());
  const std::vector<std::string> seven = names(keys(12));
  EXPECT_EQ(names(turned), seven);
  config.seed = 8;
  EXPECT_NE(names(keys(12)), seven);
  config.backtest.folds = 13;
  EXPECT_THROW(key_folds(config, keys(12)), InvalidArgument);
}

TEST(Backtest, RefusesWhatCannotBe) {
  const RunConfig good = config_of("t.csv", "2006");
  EXPECT_NO_THROW(require_backtest(good));
  const auto refused = [&](const std::function<void(RunConfig&)>& change) {
    RunConfig config = good;
    change(config);
    EXPECT_THROW(require_backtest(config), InvalidArgument);
  };
  refused([](RunConfig& c) { c.tasks.source = TaskSourceKind::sinusoid; });
  refused([](RunConfig& c) { c.train.warm_start = "run"; });
  refused([](RunConfig& c) { c.tasks.table.time.clear(); });
  refused([](RunConfig& c) { c.tasks.table.windows = {}; });
  refused([](RunConfig& c) { c.backtest.window = 2; });
  refused([](RunConfig& c) { c.risk.residuals = 249; });
  const auto by_key = [](RunConfig& c) {
    c.backtest.from.clear();
    c.backtest.folds = 3;
  };
  RunConfig dealt = good;
  by_key(dealt);
  EXPECT_NO_THROW(require_backtest(dealt));
  refused([&](RunConfig& c) { c.backtest.folds = 3; });
  refused([&](RunConfig& c) { by_key(c), c.backtest.folds = 1; });
  refused([&](RunConfig& c) { by_key(c), c.tasks.table.split.by = "time"; });
  refused([&](RunConfig& c) { by_key(c), c.tasks.table.hold_out = {"a"}; });
}

}  // namespace
}  // namespace shoal
