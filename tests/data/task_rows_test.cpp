// SPDX-License-Identifier: Apache-2.0
// Which rows make which task: time, splits, keys, batches. window_cut_test.cpp tests windows.
// Covers keyed_rows.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "data/basic_table.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::basic;
using testing::open_with_preprocessing;
using testing::Scratch;
using testing::values;

TEST(Table, FollowsTimeNotFileOrderAndKeepsSupportBeforeQuery) {
  const Scratch folder;
  TableOptions options =
      basic(folder.file("t.csv", "id,t,x,y\na,3,30,1\na,1,10,1\na,2,20,1\na,2,21,1\na,4,40,1\n"));
  options.time = "t";
  const auto source = make_table_source(options, TargetType::real, 1);
  const TaskBatch tasks = source->evaluation(Phase::train, 0);
  ASSERT_EQ(tasks.size(), 1);
  EXPECT_EQ(std::vector<float>(tasks.support().x.begin(), tasks.support().x.end()),
            (std::vector<float>{10, 20}));
  // The row with the same time as the last support row belongs to neither side.
  EXPECT_EQ(std::vector<float>(tasks.query().x.begin(), tasks.query().x.end()), (std::vector<float>{30, 40}));
  EXPECT_EQ(source->key_of(tasks.ids()[0]), "a");
}

TEST(Table, APurgeGapLiesBetweenSupportAndQuery) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  for (int t = 0; t < 8; ++t) text += "a," + std::to_string(t) + "," + std::to_string(10 * t) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  for (const auto& [purge, query] : {std::pair(0, 6), std::pair(1, 5), std::pair(4, 2)}) {
    options.purge = purge;
    const TaskBatch tasks = make_table_source(options, TargetType::real, 1)->evaluation(Phase::train, 0);
    EXPECT_EQ(values(tasks.support().x), (std::vector<float>{0, 10}));
    ASSERT_EQ(tasks.query().total_rows(), query);
    EXPECT_EQ(tasks.query().x[0], static_cast<float>(10 * (2 + purge)));
  }
  options.purge = 6;
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), DataError);
}

TEST(Table, DroppedRowsMayLackTheirTime) {
  const Scratch folder;
  std::string clean = "id,t,x,y\n", holed = clean;
  for (int t = 20; t-- > 0;) {
    const std::string row = "a," + std::to_string(t) + "," + std::to_string(100 + t) + ",2\n";
    clean += row;
    holed += row + (t % 3 == 0 ? "a,,,2\n" : "");
  }
  const auto rows = [&](const std::string& file) {
    TableOptions options = basic(file);
    options.time = "t";
    options.missing = MissingPolicy::drop;
    const TaskBatch tasks = make_table_source(options, TargetType::real, 1)->evaluation(Phase::train, 0);
    return std::vector<float>(tasks.support().x.begin(), tasks.support().x.end());
  };
  EXPECT_EQ(rows(folder.file("holed.csv", holed)), rows(folder.file("clean.csv", clean)));
}

TEST(Table, ScalesByMetaTrainRowsAlone) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  std::mt19937 random(1);
  std::vector<double> train;
  for (int t = 0; t < 40; ++t) {
    const double x = std::normal_distribution<double>(t < 20 ? 5.0 : 500.0, 2.0)(random);
    text += "a," + std::to_string(t) + "," + std::to_string(x) + ",0\n";
    if (t < 20) train.push_back(std::stod(std::to_string(x)));
  }
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.scale = true;
  options.windows = {.support = 3, .query = 2, .stride = 1, .purge = 0};
  options.split = {
      .by = "time", .train = 0, .validation = 0, .test = 0, .validation_from = "", .test_from = "20"};
  const auto source = make_table_source(options, TargetType::real, 1);
  double mean = 0.0, squares = 0.0;
  for (const double x : train) mean += x / static_cast<double>(train.size());
  for (const double x : train) squares += (x - mean) * (x - mean) / static_cast<double>(train.size());
  EXPECT_NEAR(source->preprocessing().mean[0], mean, 1e-9);
  EXPECT_NEAR(source->preprocessing().deviation[0], std::sqrt(squares), 1e-9);
}

TEST(Table, SplitsByTaskAreDisjointAndOfTheRightSize) {
  const Scratch folder;
  std::string text = "id,x,y\n";
  for (int task = 0; task < 1000; ++task)
    for (int row = 0; row < 4; ++row)
      text += "task" + std::to_string(task) + "," + std::to_string(row) + ",0\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.split = {
      .by = "task", .train = 0.6, .validation = 0.2, .test = 0.2, .validation_from = "", .test_from = ""};
  const auto source = make_table_source(options, TargetType::real, 1);
  std::set<std::int64_t> all;
  for (const auto& [phase, share] :
       {std::pair(Phase::train, 0.6), std::pair(Phase::validation, 0.2), std::pair(Phase::test, 0.2)}) {
    const TaskBatch tasks = source->evaluation(phase, 0);
    EXPECT_EQ(static_cast<double>(tasks.size()), 1000.0 * share);
    all.insert(tasks.ids().begin(), tasks.ids().end());
    // Without a time column the support is a random half of the rows; every row is used once.
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      EXPECT_EQ(tasks.support().rows(t), 2);
      EXPECT_EQ(tasks.query().rows(t), 2);
    }
  }
  EXPECT_EQ(all.size(), 1000u);
}

TEST(Table, KeysOfOneColumnAreTheirTextAndJoinedOnesAreEscaped) {
  const Scratch folder;
  const std::string text =
      "a,b,x,y\nEUR/USD,S,1,1\nEUR/USD,S,2,1\nEUR/USD,S,3,1\nBRK\\B,S,1,1\nBRK\\B,S,2,1\nBRK\\B,S,3,1\n"
      "EUR,USD/S,1,1\nEUR,USD/S,2,1\nEUR,USD/S,3,1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  const auto keys = [&](const std::vector<std::string>& columns) {
    options.key = columns;
    const auto source = make_table_source(options, TargetType::real, 1);
    std::map<std::string, std::int64_t> ids;
    const TaskBatch tasks = source->evaluation(Phase::train, 0);
    for (const std::int64_t id : tasks.ids()) ids[source->key_of(id)] = id;
    return ids;
  };
  const auto one = keys({"a"});
  ASSERT_EQ(one.size(), 3u);
  EXPECT_EQ(one.at("EUR/USD"), 5224989367316185190);  // printf %s EUR/USD | sha256sum: 0x9105... >> 1
  EXPECT_TRUE(one.contains("BRK\\B"));
  const auto two = keys({"a", "b"});
  EXPECT_EQ(two.size(), 3u);
  EXPECT_TRUE(two.contains("EUR\\/USD/S"));
  EXPECT_TRUE(two.contains("EUR/USD\\/S"));
  EXPECT_TRUE(two.contains("BRK\\\\B/S"));
}

TEST(Table, ACapOnQueryRowsIsARandomSample) {
  // As in many exports, rows are sorted by the target.
  const Scratch folder;
  std::string text = "id,x,y\n";
  for (int row = 0; row < 40; ++row)
    text += "a," + std::to_string(row) + "," + std::to_string(row < 32 ? 0 : 1) + "\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.support = 10;
  options.query = 10;
  double sum = 0.0, squares = 0.0;
  const int seeds = 200;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const auto source = make_table_source(options, TargetType::real, seed);
    const TaskBatch tasks = source->evaluation(Phase::train, 0);
    ASSERT_EQ(tasks.query().total_rows(), 10);
    EXPECT_EQ(source->left_out().rows(LeftOutRule::query_cap), 20);
    double mean = 0.0;
    for (const float y : tasks.query().y) mean += y / 10.0;
    sum += mean;
    squares += mean * mean;
  }
  const double mean = sum / seeds, error = std::sqrt((squares / seeds - mean * mean) / (seeds - 1));
  EXPECT_LE(std::abs(mean - 0.2), 4.0 * error) << mean << " +- " << error;
}

TEST(Table, StratifyKeepsEachClassInTheSupport) {
  const Scratch folder;
  std::string text = "id,x,y\n";
  for (int key = 0; key < 5; ++key)
    for (int row = 0; row < 30; ++row)
      text += "k" + std::to_string(key) + "," + std::to_string(row) + "," + (row == 7 ? "1" : "0") + "\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.support = 6;
  options.query = 5;
  for (const bool labels : {false, true}) {
    options.stratify = false;
    std::int64_t bad = 0;
    const auto bad_in_support = [&](const TableSource& source, std::int64_t least) {
      const TaskBatch tasks = source.evaluation(Phase::train, 0);
      bad = 0;
      for (std::int64_t t = 0; t < tasks.size(); ++t) {
        std::int64_t here = 0;
        for (std::int64_t r = tasks.support().row_starts[static_cast<std::size_t>(t)];
             r < tasks.support().row_starts[static_cast<std::size_t>(t) + 1]; ++r)
          here += labels ? tasks.support().labels[static_cast<std::size_t>(r)]
                         : static_cast<std::int64_t>(tasks.support().y[static_cast<std::size_t>(r)]);
        EXPECT_GE(here, least);
        bad += here;
      }
      return bad;
    };
    EXPECT_LT(
        bad_in_support(*make_table_source(options, labels ? TargetType::label : TargetType::real, 1), 0), 5);
    options.stratify = true;
    EXPECT_EQ(
        bad_in_support(*make_table_source(options, labels ? TargetType::label : TargetType::real, 1), 1), 5);
  }
  const auto refuses = [&](const std::string& named) {
    try {
      make_table_source(options, TargetType::real, 1);
      ADD_FAILURE() << named;
    } catch (const std::exception& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  options.path = folder.file("soft.csv", "id,x,y\na,1,0\na,2,0.25\na,3,1\n");
  refuses("soft.csv:3: column \"y\": 0.25 is not a class");
  options.time = "x";
  refuses("stratify draws the support at random, but with a time column");
  options.time.clear();
  options.targets = {"y", "z"};
  refuses("stratify takes one target column");
}

TEST(Table, BatchesOfAnEpochHoldNoTaskTwice) {
  const Scratch folder;
  std::string text = "id,x,y\n";
  for (int task = 0; task < 23; ++task)
    for (int row = 0; row < 3; ++row) text += std::to_string(task) + "," + std::to_string(row) + ",0\n";
  const auto source = make_table_source(basic(folder.file("t.csv", text)), TargetType::real, 1);
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::set<std::int64_t> seen;
    for (int batch = 0; batch < 4; ++batch) {
      const TaskBatch tasks = source->sample(Phase::train, epoch * 4 + batch, 5);
      EXPECT_EQ(tasks.size(), 5);
      seen.insert(tasks.ids().begin(), tasks.ids().end());
    }
    EXPECT_EQ(seen.size(), 20u);
  }
  EXPECT_EQ(source->sample(Phase::train, 0, 100).size(), 23);
}

TEST(Table, ToAdaptRowsWithoutTargetsAreQueryRows) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,t,x,y\na,1,1,1\na,2,2,1\na,3,3,1\n"));
  const Preprocessing trained = make_table_source(options, TargetType::real, 1)->preprocessing();
  options.time = "t";
  const Preprocessing in_time = make_table_source(options, TargetType::real, 1)->preprocessing();
  // b: too few rows to train on; c: rows to predict; d: no known target.
  const std::string text = "id,t,x,y\nb,1,1,1\nc,1,2,1\nc,2,3,1\nc,3,4,\nc,4,5,NA\nd,1,6,\n";
  for (const Preprocessing& p : {trained, in_time}) {
    const auto source = open_with_preprocessing(folder.file("new.csv", text), p, TargetsNeeded::in_support);
    const TaskBatch tasks = source->evaluation(Phase::test, 0);
    ASSERT_EQ(tasks.size(), 3);
    EXPECT_TRUE(source->left_out().nothing());
    for (std::int64_t t = 0; t < 3; ++t) {
      const std::int64_t id = tasks.ids()[static_cast<std::size_t>(t)];
      const std::string key = source->key_of(id);
      EXPECT_EQ(tasks.support().rows(t), key == "b" ? 1 : key == "c" ? 2 : 0);
      EXPECT_EQ(tasks.query().rows(t), key == "b" ? 0 : key == "c" ? 2 : 1);
      const auto rows = source->query_rows(id);
      if (key != "c") continue;
      EXPECT_EQ(std::vector<int>(rows.begin(), rows.end()), (std::vector<int>{3, 4}));
      EXPECT_EQ(source->time_of(rows[0]), p.options.time.empty() ? "" : "3");
    }
    // For evaluation the same file is refused, and keys without enough rows are counted.
    EXPECT_THROW(open_with_preprocessing(folder.file("new.csv", text), p, TargetsNeeded::everywhere),
                 DataError);
  }
  // In order of time, a row without a target is predicted whatever its time: before known ones, beside the
  // last support row, in the purge gap. Known rows there are on neither side.
  const std::string holed = folder.file(
      "holed.csv", "id,t,x,y\nc,1,1,\nc,2,2,1\nc,3,3,1\nc,3,4,1\nc,3,5,\nc,4,6,\nc,4,7,1\nc,5,8,1\nc,6,9,\n");
  for (const MissingPolicy missing : {MissingPolicy::error, MissingPolicy::drop}) {
    Preprocessing gap = in_time;
    gap.options.missing = missing;
    gap.options.purge = 4;
    const auto source = open_with_preprocessing(holed, gap, TargetsNeeded::in_support);
    const TaskBatch tasks = source->evaluation(Phase::test, 0);
    EXPECT_EQ(values(tasks.support().x), (std::vector<float>{2, 3}));
    EXPECT_EQ(values(tasks.query().x), (std::vector<float>{1, 5, 6, 8, 9}));
    EXPECT_EQ(source->left_out().rows(LeftOutRule::tie), 1);
    EXPECT_EQ(source->left_out().rows(LeftOutRule::purge_gap), 1);
    EXPECT_EQ(source->left_out().rows(), 2);
  }
}

TEST(Table, TellsWhatPredictionsRepeat) {
  const Scratch folder;
  TableOptions options = basic(folder.file(
      "t.csv",
      "id,k,t,x,y\nb,1/2,3,1,+1.50\nb,1/2,1,2,1e0\nb,1/2,2,3, 007 \na,\"x,y\",1,4,5\na,\"x,y\",2,5,-0\n"));
  options.key = {"id", "k"};
  options.time = "t";
  options.support = 1;
  const auto source = make_table_source(options, TargetType::real, 1);
  const std::vector<std::int64_t> ids = source->ids(Phase::train);
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_LT(ids[0], ids[1]);
  EXPECT_TRUE(source->ids(Phase::test).empty());
  const CellTexts targets = source->target_texts(0);
  ASSERT_EQ(targets.size(), 5u);
  EXPECT_EQ(targets[0], "+1.50");
  EXPECT_EQ(targets[1], "1e0");
  EXPECT_EQ(targets[2], "007");
  EXPECT_EQ(targets[4], "-0");
  const std::vector<std::size_t> places = source->key_ranks(ids);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::vector<std::string> key = source->key_values(ids[i]);
    ASSERT_EQ(key.size(), 2u);
    EXPECT_EQ(key[1], key[0] == "b" ? "1/2" : "x,y");
    EXPECT_EQ(places[i], key[0] == "b" ? 1u : 0u) << "in order of the keys' bytes, not of the file";
    const auto rows = source->query_rows(ids[i]);
    EXPECT_EQ(std::vector<int>(rows.begin(), rows.end()),
              key[0] == "b" ? (std::vector<int>{2, 0}) : std::vector<int>{4});
  }
  EXPECT_LT(source->time_rank(1), source->time_rank(2));
  EXPECT_LT(source->time_rank(2), source->time_rank(0));
  EXPECT_EQ(source->time_rank(1), source->time_rank(3));
  // The file has changed, so that its texts would be those of other rows.
  folder.file("t.csv", "id,k,t,x,y\nb,1/2,3,1,+1.50\n");
  EXPECT_THROW(source->target_texts(0), DataError);
}

}  // namespace
}  // namespace shoal
