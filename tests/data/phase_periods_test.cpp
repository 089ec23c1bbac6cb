// SPDX-License-Identifier: Apache-2.0
// Keys that are held out, and splits out of time as well as out of segment: who is looked at when, that
// scalers see nothing else, and that every row that is not looked at is counted. Also rows without a key, and
// the newest rows. Covers keyed_rows, task_rows.
#include "data/phase_periods.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include <shoal/error.hpp>

#include "basic_table.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::basic;
using testing::Scratch;
using testing::values;

constexpr Phase phases[] = {Phase::train, Phase::validation, Phase::test, Phase::held_out};

/// Keys k0, k1, ... with the days 1 .. days; x = 100 key + day, y = x.
std::string key_days(int keys, int days, int first_key = 0) {
  std::string text = "id,day,x,y\n";
  for (int k = first_key; k < first_key + keys; ++k)
    for (int day = 1; day <= days; ++day) {
      const std::string value = std::to_string(100 * k + day);
      text += "k" + std::to_string(k) + "," + std::to_string(day) + "," + value + "," + value + "\n";
    }
  return text;
}

TableOptions in_time(const std::string& path) {
  TableOptions options = basic(path);
  options.time = "day";
  return options;
}

std::set<int> keys_in(const TableSource& source, Phase phase) {
  std::set<int> keys;
  for (const std::int64_t id : source.ids(phase)) keys.insert(std::stoi(source.key_of(id).substr(1)));
  return keys;
}

/// Every row is in a task or counted once.
void expect_all_rows_told(const TableSource& source, std::int64_t rows) {
  std::set<std::int32_t> seen;
  for (const Phase phase : phases) {
    if (source.size(phase) == 0) continue;
    const TaskBatch tasks = source.evaluation(phase, 0);
    for (const float x : tasks.support().x) seen.insert(static_cast<std::int32_t>(x));
    for (const float x : tasks.query().x) seen.insert(static_cast<std::int32_t>(x));
  }
  EXPECT_EQ(std::ssize(seen) + source.left_out().rows(), rows);
}

TEST(HeldOutKeys, AreInNoOtherPhaseAndMoveNoScaler) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", key_days(10, 6)));
  options.scale = true;
  options.split = {
      .by = "task", .train = 0.5, .validation = 0.25, .test = 0.25, .validation_from = "", .test_from = ""};
  options.hold_out = {"k3", "k7"};
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(keys_in(*source, Phase::held_out), (std::set<int>{3, 7}));
  EXPECT_EQ(source->size(Phase::train), 4);
  EXPECT_EQ(source->size(Phase::validation), 2);
  EXPECT_EQ(source->size(Phase::test), 2);
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test})
    for (const int key : keys_in(*source, phase)) EXPECT_TRUE(key != 3 && key != 7);
  // The same table without these keys: the same split, the same scalers.
  std::string rest = "id,day,x,y\n";
  for (const auto& [first, count] : {std::pair(0, 3), std::pair(4, 3), std::pair(8, 2)})
    rest += key_days(count, 6, first).substr(11);
  TableOptions without = options;
  without.path = folder.file("rest.csv", rest);
  without.hold_out = {};
  const auto plain = make_table_source(without, TargetType::real, 1);
  EXPECT_EQ(source->preprocessing().mean, plain->preprocessing().mean);
  EXPECT_EQ(source->preprocessing().deviation, plain->preprocessing().deviation);
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test})
    EXPECT_EQ(source->ids(phase), plain->ids(phase));
  // What travels with a model says which keys were held out.
  const Preprocessing again = preprocessing_from_json(to_json(source->preprocessing()));
  EXPECT_EQ(again.options.hold_out, options.hold_out);
  options.hold_out = {"k33"};
  try {
    make_table_source(options, TargetType::real, 1);
    ADD_FAILURE();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("no key \"k33\" (did you mean \"k3\"?)"), std::string::npos)
        << error.what();
  }
}

TEST(HeldOutKeys, AreAskedAboutInTheTestPeriodAlone) {
  const Scratch folder;
  TableOptions options = in_time(folder.file("t.csv", key_days(4, 30)));
  options.windows = {.support = 4, .query = 2};
  options.split = {.by = "time", .validation_from = "15", .test_from = "21"};
  options.hold_out = {"k1"};
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(keys_in(*source, Phase::train), (std::set<int>{0, 2, 3}));
  EXPECT_EQ(keys_in(*source, Phase::held_out), (std::set<int>{1}));
  const auto earliest = [&](Phase phase) {
    const TaskBatch tasks = source->evaluation(phase, 0);
    int first = 1000;
    for (const float x : tasks.query().x) first = std::min(first, static_cast<int>(x) % 100);
    return first;
  };
  EXPECT_EQ(earliest(Phase::held_out), 21);
  EXPECT_EQ(earliest(Phase::test), 21);
  EXPECT_EQ(earliest(Phase::train), 5);
  EXPECT_GT(source->left_out().rows(LeftOutRule::other_period), 0);
  expect_all_rows_told(*source, 4 * 30);
}

TEST(PhasePeriods, SplitOutOfTimeAsWellAsOutOfSegment) {
  const Scratch folder;
  for (const bool windows : {false, true})
    for (const char* validation_from : {"", "11"}) {
      TableOptions options = in_time(folder.file("t.csv", key_days(12, 30)));
      if (windows) options.windows = {.support = 4, .query = 2};
      options.support = 4;
      options.split = {.by = "task",
                       .train = 0.5,
                       .validation = 0.25,
                       .test = 0.25,
                       .validation_from = validation_from,
                       .test_from = "21"};
      const auto source = make_table_source(options, TargetType::real, 1);
      const int train_end = *validation_from ? 11 : 21;
      EXPECT_EQ(keys_in(*source, Phase::train).size(), 6u);
      EXPECT_EQ(keys_in(*source, Phase::test).size(), 3u);
      // The keys are those of the split without times.
      TableOptions plain = options;
      plain.split.test_from = plain.split.validation_from = "";
      const auto timeless = make_table_source(plain, TargetType::real, 1);
      for (const Phase phase : phases) EXPECT_EQ(keys_in(*source, phase), keys_in(*timeless, phase));
      const auto days = [&](Phase phase) {
        const TaskBatch tasks = source->evaluation(phase, 0);
        std::pair<std::set<int>, std::set<int>> found;
        for (const float x : tasks.support().x) found.first.insert(static_cast<int>(x) % 100);
        for (const float x : tasks.query().x) found.second.insert(static_cast<int>(x) % 100);
        return found;
      };
      EXPECT_LT(*days(Phase::train).first.rbegin(), train_end);
      EXPECT_LT(*days(Phase::train).second.rbegin(), train_end);
      EXPECT_GE(*days(Phase::train).second.rbegin(), train_end - 2);
      EXPECT_LT(*days(Phase::validation).second.rbegin(), 21);
      EXPECT_GE(*days(Phase::validation).second.begin(), *validation_from ? 11 : 5);
      EXPECT_EQ(*days(Phase::test).second.begin(), 21);
      EXPECT_EQ(*days(Phase::test).second.rbegin(), 30);
      expect_all_rows_told(*source, 12 * 30);
    }
}

TEST(PhasePeriods, NeedATimeColumnAndSomethingToLookAt) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", key_days(4, 6)));
  options.split.test_from = "3";
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), InvalidArgument);
  options.time = "day";
  options.split.test_from = "soon";
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), InvalidArgument);
  options.split.test_from = "1";  // all keys are meta-train, and nothing lies before
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), DataError);
  options.split.test_from = "6";
  EXPECT_EQ(make_table_source(options, TargetType::real, 1)->left_out().rows(LeftOutRule::other_period), 4);
}

TEST(MissingKeys, AreASegmentOfTheirOwnWhereMissingValuesAreFilled) {
  const Scratch folder;
  const std::string file = folder.file(
      "t.csv", "id,job,x,y\na,1,1,1\n,1,2,2\na,1,3,3\n,1,4,4\na,,5,5\n,1,6,6\na,1,7,7\na,,8,8\na,,9,9\n");
  TableOptions options = basic(file);
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), DataError);
  options.missing = MissingPolicy::mean;
  const auto source = make_table_source(options, TargetType::real, 1);
  std::map<std::string, std::vector<std::string>> keys;
  for (const std::int64_t id : source->ids(Phase::train)) keys[source->key_of(id)] = source->key_values(id);
  EXPECT_EQ(keys, (std::map<std::string, std::vector<std::string>>{{"(missing)", {""}}, {"a", {"a"}}}));
  options.key = {"id", "job"};
  const auto crossed = make_table_source(options, TargetType::real, 1);
  keys.clear();
  for (const std::int64_t id : crossed->ids(Phase::train))
    keys[crossed->key_of(id)] = crossed->key_values(id);
  EXPECT_EQ(keys, (std::map<std::string, std::vector<std::string>>{
                      {"(missing)/1", {"", "1"}}, {"a/(missing)", {"a", ""}}, {"a/1", {"a", "1"}}}));
  // Missing texts come before all others.
  const std::vector<std::int64_t> ids = crossed->ids(Phase::train);
  const std::vector<std::size_t> ranks = crossed->key_ranks(ids);
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(ranks[i], crossed->key_of(ids[i]) == "(missing)/1"   ? 0u
                        : crossed->key_of(ids[i]) == "a/(missing)" ? 1u
                                                                   : 2u);
}

TEST(LatestRows, AreOneTaskAKeyThatAdaptsOnItsNewestTargets) {
  const Scratch folder;
  TableOptions options = in_time(folder.file("t.csv", key_days(3, 20)));
  const Preprocessing known = make_table_source(options, TargetType::real, 1)->preprocessing();
  // a: rows in disorder, a hole at day 4; b: nothing is asked; c: no target at all; d: fewer rows than a
  // support.
  const std::string now = folder.file("now.csv",
                                      "id,day,x,y\na,6,6,\na,1,1,1\na,2,2,2\na,5,5,5\na,4,4,\na,3,3,3\na,7,7,"
                                      "\nb,1,11,1\nb,2,12,2\nc,1,21,\nd,1,31,1\n"
                                      "d,2,32,\n");
  for (const bool windows : {false, true}) {
    TableOptions latest = options;
    latest.path = now;
    latest.support = 3;
    if (windows) latest.windows = {.support = 3, .query = 21, .purge = 5};
    const auto source =
        make_table_source(latest, known, TargetType::real, TargetsNeeded::in_support, Phases::latest, 1);
    const TaskBatch tasks = source->evaluation(Phase::test, 0);
    std::map<std::string, std::pair<std::vector<float>, std::vector<float>>> found;
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      const TaskBatch one = tasks.select(std::vector{t});
      found[source->key_of(one.ids()[0])] = {values(one.support().x), values(one.query().x)};
    }
    using Found = decltype(found);
    const Found want = {{windows ? "a/6" : "a", {{2, 3, 5}, {6, 7}}},
                        {windows ? "c/1" : "c", {{}, {21}}},
                        {windows ? "d/2" : "d", {{31}, {32}}}};
    EXPECT_EQ(found, want);
    EXPECT_EQ(source->left_out().rows(LeftOutRule::no_window), 4);  // days 1 and 4 of a, both of b
  }
  const auto open = [&](TableOptions latest) {
    return make_table_source(latest, known, TargetType::real, TargetsNeeded::in_support, Phases::latest, 1);
  };
  EXPECT_THROW(open(options), DataError);  // every row has its target
  TableOptions timeless = options;
  timeless.time = "";
  EXPECT_THROW(open(timeless), InvalidArgument);
}

}  // namespace
}  // namespace shoal
