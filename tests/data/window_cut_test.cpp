// SPDX-License-Identifier: Apache-2.0
// Windows of a key as tasks: where they begin and end, their phases, and which rows after the last one are
// predicted.
#include <gtest/gtest.h>

#include <algorithm>
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

TEST(Windows, TheyAndSplitsLeakNothing) {
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
          x.insert(x.end(), set.x.begin() + set.row_starts[static_cast<std::size_t>(t)],
                   set.x.begin() + set.row_starts[static_cast<std::size_t>(t) + 1]);
        found[phase].insert(x);
      }
      EXPECT_EQ(found[phase], expected[phase]);
    }
  }
}

TEST(Windows, TrainOnNeitherOldRowsNorTargetsThatWereNotKnown) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  for (const int key : {0, 1})
    for (int t = 0; t < 60; ++t)
      text += std::to_string(key) + "," + std::to_string(2 * t + key) + "," + std::to_string(t) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.windows = {.support = 3, .query = 2, .stride = 1, .purge = 0};
  options.split = {.by = "time", .validation_from = "60", .test_from = "90"};
  const auto before = make_table_source(options, TargetType::real, 1);
  options.split.train_from = "20";
  options.split.purge = 4;
  const auto after = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(preprocessing_from_json(to_json(after->preprocessing())).options.split, options.split);
  // The rows of both keys are numbered by x: row x has the time 2 x + key; 45 rows lie before the test
  // period.
  const auto seen = [](const TableSource& source, Phase phase) {
    std::set<std::pair<float, float>> found;  // first row of the support, last row of the query
    const TaskBatch tasks = source.evaluation(phase, 0);
    for (std::int64_t t = 0; t < tasks.size(); ++t)
      found.emplace(tasks.support().x[static_cast<std::size_t>(3 * t)],
                    tasks.query().x[static_cast<std::size_t>(2 * t + 1)]);
    return found;
  };
  std::set<std::pair<float, float>> wanted;
  for (const auto& window : seen(*before, Phase::train))
    if (window.first >= 10) wanted.insert(window);
  EXPECT_EQ(seen(*after, Phase::train), wanted);
  EXPECT_LT(wanted.size(), seen(*before, Phase::train).size());
  wanted.clear();
  for (const auto& window : seen(*before, Phase::validation))
    if (window.second < 45 - 4) wanted.insert(window);
  EXPECT_EQ(seen(*after, Phase::validation), wanted);
  EXPECT_LT(wanted.size(), seen(*before, Phase::validation).size());
  EXPECT_EQ(seen(*after, Phase::test), seen(*before, Phase::test));
  EXPECT_GT(after->left_out().rows(LeftOutRule::other_period), 0);
  EXPECT_GT(after->left_out().straddling_tasks, before->left_out().straddling_tasks);
  options.split.by = "task";
  options.split.train = 1.0, options.split.validation = options.split.test = 0.0;
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), InvalidArgument);
}

TEST(Windows, OfAKeyAreInOnePhaseAndSharesAreOfTasks) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  for (int key = 0; key < 12; ++key)  // key k has k + 1 windows, 78 in all
    for (int t = 0; t < 2 + 2 * key + 1; ++t)
      text += "k" + std::to_string(key) + "," + std::to_string(t) + "," + std::to_string(key) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.windows = {.support = 1, .query = 2, .stride = 2, .purge = 0};
  options.split = {
      .by = "task", .train = 0.5, .validation = 0.25, .test = 0.25, .validation_from = "", .test_from = ""};
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const auto source = make_table_source(options, TargetType::real, seed);
    std::set<float> seen;
    for (const auto& [phase, share] :
         {std::pair(Phase::train, 0.5), std::pair(Phase::validation, 0.25), std::pair(Phase::test, 0.25)}) {
      const TaskBatch tasks = source->evaluation(phase, 0);
      EXPECT_NEAR(static_cast<double>(tasks.size()), 78.0 * share, 12.0);
      const std::set<float> keys(tasks.support().x.begin(), tasks.support().x.end());
      for (const float key : keys) EXPECT_TRUE(seen.insert(key).second) << key << " is in two phases";
    }
    EXPECT_EQ(seen.size(), 12u);
  }
}

TEST(Windows, ToPredictNoRowWithoutATargetIsLeftOut) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,t,x,y\na,0,0,1\na,1,1,1\na,2,2,1\na,3,3,1\n"));
  options.time = "t";
  options.windows = {.support = 2, .query = 1, .stride = 3, .purge = 1};
  const Preprocessing trained = make_table_source(options, TargetType::real, 1)->preprocessing();
  const auto queries = [&](const std::string& targets) {  // of rows 0, 1, ...: known (1) or not (.)
    std::string text = "id,t,x,y\n";
    for (std::size_t row = 0; row < targets.size(); ++row)
      text += "b," + std::to_string(row) + "," + std::to_string(row) + "," +
              (targets[row] == '1' ? "1" : "") + "\n";
    const auto source =
        open_with_preprocessing(folder.file("n.csv", text), trained, TargetsNeeded::in_support);
    std::map<std::string, std::vector<float>> found;
    std::set<float> asked, adapted_on;
    const TaskBatch tasks = source->evaluation(Phase::test, 0);
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      const auto at = static_cast<std::size_t>(t);
      const auto rows = [&](const TaskSet<float>& set) {
        return std::vector<float>(set.x.begin() + set.row_starts[at], set.x.begin() + set.row_starts[at + 1]);
      };
      found[source->key_of(tasks.ids()[at])] = rows(tasks.query());
      for (const float row : rows(tasks.query())) asked.insert(row);
      for (const float row : rows(tasks.support())) adapted_on.insert(row);
    }
    for (std::size_t row = 0; row < targets.size(); ++row) {
      const auto number = static_cast<float>(row);
      EXPECT_TRUE(targets[row] == '1' || (asked.contains(number) && !adapted_on.contains(number)))
          << targets << " " << row;
    }
    return found;
  };
  using Found = std::map<std::string, std::vector<float>>;
  EXPECT_EQ(queries("1111"), (Found{{"b/3", {3}}}));
  EXPECT_EQ(queries("11.."), (Found{{"b/3", {2, 3}}}));                  // in the gap
  EXPECT_EQ(queries("11......"), (Found{{"b/3", {2, 3, 4, 5, 6, 7}}}));  // more than the query of a window
  EXPECT_EQ(queries(".11111"), (Found{{"b/after 4", {0}}}));             // before the first window
  EXPECT_EQ(queries("1..1"), (Found{{"b/1", {1, 2}}}));  // no window: the few known rows are the support
  EXPECT_EQ(queries("..."), (Found{{"b/0", {0, 1, 2}}}));
  EXPECT_EQ(queries("1."), (Found{{"b/1", {1}}}));
}

TEST(Windows, ToAdaptTheyGoOnToTheLastRow) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  for (int t = 0; t < 12; ++t) text += "a," + std::to_string(t) + "," + std::to_string(t) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.windows = {.support = 4, .query = 3, .stride = 0, .purge = 1};
  const auto trained = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(trained->size(Phase::train), 2);
  const auto lengths = [&](const std::string& rows, MissingPolicy missing) {
    Preprocessing p = trained->preprocessing();
    p.options.missing = missing;
    const auto source =
        open_with_preprocessing(folder.file("n.csv", "id,t,x,y\n" + rows), p, TargetsNeeded::in_support);
    const TaskBatch tasks = source->evaluation(Phase::test, 0);
    std::map<std::string, std::int64_t> found;
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      EXPECT_EQ(tasks.support().rows(t), 4);
      found[source->key_of(tasks.ids()[static_cast<std::size_t>(t)])] = tasks.query().rows(t);
    }
    return found;
  };
  using Found = std::map<std::string, std::int64_t>;
  const std::string four = "b,0,1,1\nb,1,1,1\nb,2,1,1\nb,3,1,1\n";
  EXPECT_EQ(lengths(four, MissingPolicy::error), (Found{{"b/after 3", 0}}));
  EXPECT_EQ(lengths(four + "b,4,1,1\nb,5,1,\n", MissingPolicy::error), (Found{{"b/5", 1}}));
  // The support of the second window would need the row without a target, so that window is left out. There
  // are more known rows after it.
  EXPECT_EQ(lengths(four + "b,4,1,1\nb,5,1,\nb,6,1,\nb,7,1,\n", MissingPolicy::error), (Found{{"b/5", 3}}));
  for (const MissingPolicy missing : {MissingPolicy::error, MissingPolicy::drop})
    EXPECT_EQ(lengths(four + "b,4,1,1\nb,5,1,\nb,6,1,1\n", missing), (Found{{"b/5", 2}}));
}

}  // namespace
}  // namespace shoal
