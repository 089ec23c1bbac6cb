// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

TableOptions basic(const std::string& path) {
  TableOptions options;
  options.path = path;
  options.key = {"id"};
  options.features = {"x"};
  options.targets = {"y"};
  options.support = 2;
  options.query = 0;
  options.scale = false;
  options.split = {
      .by = "task", .train = 1.0, .validation = 0.0, .test = 0.0, .validation_from = "", .test_from = ""};
  return options;
}

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
  // The row of the same time as the last support row belongs to neither side.
  EXPECT_EQ(std::vector<float>(tasks.query().x.begin(), tasks.query().x.end()), (std::vector<float>{30, 40}));
  EXPECT_EQ(source->key_of(tasks.ids()[0]), "a");
}

TEST(Table, KeysAreTextAndNoTwoAreAlike) {
  const Scratch folder;
  std::string text = "id,part,t,x,y\n";
  const char* keys[] = {"007,a", "7,a",  "07,a", "12345678901234567,a", "12345678901234568,a",
                        "a/b,c", "a,b/c"};
  for (const char* key : keys)
    for (int t = 0; t < 4; ++t) text += std::string(key) + "," + std::to_string(t) + ",1,2\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.key = {"id", "part"};
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(source->evaluation(Phase::train, 0).size(), static_cast<std::int64_t>(std::size(keys)));
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

// Windows, purge gap and split in time against a brute-force reading of the definition, on random tables.
TEST(Table, WindowsAndSplitsLeakNothing) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 60; ++round) {
    const Scratch folder;
    const int keys = 1 + static_cast<int>(random() % 3);
    std::string text = "id,t,x,y\n";
    std::vector<std::string> lines;
    std::map<std::string, std::vector<int>> times;
    for (int k = 0; k < keys; ++k) {
      const std::string key(1, static_cast<char>('a' + k));
      for (int t = 0; t < 60; ++t)
        if (random() % 4) {
          times[key].push_back(t);
          lines.push_back(key + "," + std::to_string(t) + "," + std::to_string(1000 * k + t) + ",1\n");
        }
    }
    std::shuffle(lines.begin(), lines.end(), random);
    for (const std::string& line : lines) text += line;
    TableOptions options = basic(folder.file("t.csv", text));
    options.time = "t";
    options.windows = {.support = 1 + static_cast<int>(random() % 5),
                       .query = 1 + static_cast<int>(random() % 4),
                       .stride = 1 + static_cast<int>(random() % 4),
                       .purge = static_cast<int>(random() % 3)};
    options.split = {
        .by = "time", .train = 0, .validation = 0, .test = 0, .validation_from = "20", .test_from = "40"};
    const auto source = make_table_source(options, TargetType::real, 1);

    std::map<Phase, std::set<std::vector<float>>> expected, found;  // support then query values of x
    for (const auto& [key, sorted] : times) {
      const auto& w = options.windows;
      const std::size_t length = static_cast<std::size_t>(w.support + w.purge + w.query);
      for (std::size_t first = 0; first + length <= sorted.size();
           first += static_cast<std::size_t>(w.stride)) {
        std::vector<float> x;
        std::set<Phase> phases;
        for (std::size_t i = 0; i < length; ++i) {
          const bool support = i < static_cast<std::size_t>(w.support);
          const bool query = i >= static_cast<std::size_t>(w.support + w.purge);
          const int t = sorted[first + i];
          if (support || query) x.push_back(static_cast<float>(1000 * (key[0] - 'a') + t));
          if (query) phases.insert(t < 20 ? Phase::train : t < 40 ? Phase::validation : Phase::test);
        }
        if (phases.size() == 1) expected[*phases.begin()].insert(x);
      }
    }
    for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
      EXPECT_EQ(source->size(phase), static_cast<std::int64_t>(expected[phase].size()));
      if (expected[phase].empty()) continue;
      const TaskBatch tasks = source->evaluation(phase, 0);
      for (std::int64_t t = 0; t < tasks.size(); ++t) {
        std::vector<float> x;
        for (const auto& set : {tasks.support(), tasks.query()})
          x.insert(x.end(), set.x.begin() + set.offsets[static_cast<std::size_t>(t)],
                   set.x.begin() + set.offsets[static_cast<std::size_t>(t) + 1]);
        found[phase].insert(x);
      }
      EXPECT_EQ(found[phase], expected[phase]);
    }
  }
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
    EXPECT_NEAR(static_cast<double>(tasks.size()), 1000.0 * share, 60.0);
    all.insert(tasks.ids().begin(), tasks.ids().end());
    // Without a time column support is a random half of the rows; all rows are used once.
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      EXPECT_EQ(tasks.support().rows(t), 2);
      EXPECT_EQ(tasks.query().rows(t), 2);
    }
  }
  EXPECT_EQ(all.size(), 1000u);
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

TEST(Table, MissingValuesFollowThePolicy) {
  const Scratch folder;
  const std::string text = "id,x,y\na,1,0\na,NA,0\na,3,0\na,8,0\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "";
  try {
    make_table_source(options, TargetType::real, 1);
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("t.csv:3: column \"x\""), std::string::npos) << error.what();
  }
  options.missing = MissingPolicy::drop;
  const TaskBatch dropped = make_table_source(options, TargetType::real, 1)->evaluation(Phase::train, 0);
  EXPECT_EQ(dropped.support().total_rows() + dropped.query().total_rows(), 3);
  options.missing = MissingPolicy::mean;
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(source->preprocessing().inputs, (std::vector<std::string>{"x", "x_missing"}));
  EXPECT_EQ(source->preprocessing().fill[0], 4.0);
  const TaskBatch filled = source->evaluation(Phase::train, 0);
  std::multiset<std::pair<float, float>> rows;
  for (const auto& set : {filled.support(), filled.query()})
    for (std::size_t r = 0; r < set.x.size(); r += 2) rows.insert({set.x[r], set.x[r + 1]});
  EXPECT_EQ(rows, (std::multiset<std::pair<float, float>>{{1, 0}, {3, 0}, {4, 1}, {8, 0}}));
}

TEST(Table, CategoriesLabelsAndPreprocessingTravelToNewData) {
  const Scratch folder;
  TableOptions options = basic(
      folder.file("t.csv", "id,colour,y\na,red,no\na,blue,yes\na,red,no\nb,blue,no\nb,red,yes\nb,red,no\n"));
  options.features = {"colour"};
  const auto source = make_table_source(options, TargetType::label, 1);
  EXPECT_EQ(source->preprocessing().inputs, (std::vector<std::string>{"colour=blue", "colour=red"}));
  EXPECT_EQ(source->preprocessing().labels, (std::vector<std::string>{"no", "yes"}));
  EXPECT_EQ(source->classes(), 2);
  const Preprocessing again = preprocessing_from_json(to_json(source->preprocessing()));
  EXPECT_EQ(to_json(again), to_json(source->preprocessing()));
  EXPECT_TRUE(again.options == source->preprocessing().options);

  const std::string fresh = folder.file("new.csv", "y,id,colour\nyes,c,green\nyes,c,blue\nno,c,red\n");
  const TaskBatch tasks = make_table_source(fresh, again, TargetType::label, QueryTargets::required, 1)
                              ->evaluation(Phase::test, 0);
  EXPECT_EQ(tasks.columns().inputs, 2);
  float total = 0.0f;
  for (const auto& set : {tasks.support(), tasks.query()})
    for (const float x : set.x) total += x;
  EXPECT_EQ(total, 2.0f);  // the unknown colour is no category at all
  EXPECT_THROW(make_table_source(folder.file("bad.csv", "y,id,colour\nmaybe,c,red\nyes,c,red\nno,c,red\n"),
                                 again, TargetType::label, QueryTargets::required, 1),
               DataError);
  // Predictions need no targets.
  const std::string bare = folder.file("bare.csv", "id,colour\nc,red\nc,blue\nc,red\n");
  EXPECT_THROW(make_table_source(bare, again, TargetType::label, QueryTargets::required, 1), DataError);
  EXPECT_NO_THROW(make_table_source(bare, again, TargetType::label, QueryTargets::optional, 1));
}

}  // namespace
}  // namespace shoal
