// SPDX-License-Identifier: Apache-2.0
// Rows that are left out of a table: every row is in a task, or counted by exactly one rule, the right one.
#include <gtest/gtest.h>

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

/// Numbers of the table's rows that are in a task; x holds the number.
std::set<int> rows_in_tasks(const TableSource& source) {
  std::set<int> rows;
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
    if (*source.size(phase) == 0) continue;
    const TaskBatch tasks = source.evaluation(phase, 0);
    for (const auto& set : {tasks.support(), tasks.query()})
      for (const float x : set.x) rows.insert(static_cast<int>(x));
  }
  return rows;
}

std::map<std::string, std::int64_t> rules(const LeftOut& left) {
  std::map<std::string, std::int64_t> counts;
  for (const LeftOutRule rule : left_out_rules)
    if (left.rows(rule) > 0) counts[std::string(to_string(rule))] = left.rows(rule);
  return counts;
}
using Counts = std::map<std::string, std::int64_t>;

TEST(LeftOut, EveryRowIsInATaskOrCountedOnce) {
  std::mt19937_64 random(4);
  std::set<std::string> seen;
  int read = 0;
  for (int round = 0; round < 400; ++round) {
    const Scratch folder;
    const auto draw = [&](int low, int high) {
      return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
    };
    const bool in_time = draw(0, 2) > 0, windows = in_time && draw(0, 1) == 1, holes = draw(0, 1) == 1;
    std::vector<std::string> lines;
    int rows = 0;
    for (int key = 0; key < 4; ++key)
      for (int i = 0, time = 0, count = draw(1, 25); i < count; ++i, ++rows) {
        time += windows ? draw(1, 2) : draw(0, 1);
        const std::string y = holes && draw(0, 4) == 0 ? "" : std::to_string(draw(0, 9));
        const std::string z = draw(0, 12) == 0 ? "" : "1";
        lines.push_back("k" + std::to_string(key) + "," + std::to_string(time) + "," + std::to_string(rows) +
                        "," + z + "," + y);
      }
    std::string text = "id,t,x,z,y\n";
    for (const std::string& line : lines) text += line + "\n";
    TableOptions options = basic(folder.file("t.csv", text));
    options.features = {"x", "z"};
    options.missing = MissingPolicy::drop;
    options.support = draw(0, 4);
    options.query = draw(0, 4);
    options.purge = draw(0, 2);
    if (in_time) options.time = "t";
    if (windows)
      options.windows = {
          .support = draw(0, 4), .query = draw(1, 4), .stride = draw(0, 9), .purge = draw(0, 2)};
    if (in_time && draw(0, 1) == 1)
      options.split = {
          .by = "time", .train = 0, .validation = 0, .test = 0, .validation_from = "8", .test_from = "14"};
    else if (in_time && draw(0, 1) == 1)
      options.split.test_from = "10";
    try {
      std::unique_ptr<TableSource> source;
      if (holes) {
        Preprocessing known;
        known.options = options;
        known.options.path.clear();
        known.inputs = {"x", "z"};
        known.kinds = {InputKind::number, InputKind::number};
        known.mean = known.fill = {0.0, 0.0};
        known.deviation = {1.0, 1.0};
        source = open_with_preprocessing(options.path, known, TargetsNeeded::in_support);
      } else {
        source = make_table_source(options, TargetType::real, 1);
      }
      std::int64_t in_tasks = 0;
      {
        // `x` has both features, so that every second value is a row's number.
        std::set<int> found;
        for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
          if (*source->size(phase) == 0) continue;
          const TaskBatch tasks = source->evaluation(phase, 0);
          for (const auto& set : {tasks.support(), tasks.query()})
            for (std::size_t i = 0; i < set.x.size(); i += 2) found.insert(static_cast<int>(set.x[i]));
        }
        in_tasks = static_cast<std::int64_t>(found.size());
      }
      ++read;
      EXPECT_EQ(in_tasks + source->left_out().rows(), rows) << text;
      for (const auto& [rule, count] : rules(source->left_out())) seen.insert(rule);
    } catch (const DataError& error) {
      const std::string what = error.what();
      EXPECT_TRUE(what.find("no task is left") != std::string::npos ||
                  what.find("no tasks in phase") != std::string::npos)
          << what;
    }
  }
  EXPECT_GT(read, 200);
  EXPECT_EQ(seen.size(), left_out_rules.size());
}

TEST(LeftOut, CountsByRuleWithoutTime) {
  const Scratch folder;
  std::string text = "id,x,y\na,,1\nb,1,1\nb,2,1\nc,3,1\n";
  for (int row = 4; row < 14; ++row) text += "a," + std::to_string(row) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.missing = MissingPolicy::drop;
  options.query = 3;
  const auto source = make_table_source(options, TargetType::real, 1);
  const LeftOut& left = source->left_out();
  EXPECT_EQ(rules(left), (Counts{{"missing", 1}, {"too_few", 3}, {"query_cap", 5}}));
  EXPECT_EQ(left.rows(), 9);
  EXPECT_EQ(left.keys, 2);
  EXPECT_EQ(left.example, "b");
  EXPECT_EQ(rows_in_tasks(*source).size(), 5u);
}

TEST(LeftOut, CountsByRuleInTime) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  for (int row = 0; row < 12; ++row)
    text += "a," + std::to_string(row / 3) + "," + std::to_string(row) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.support = 2;
  options.purge = 3;
  options.query = 4;
  // Row 2 has the time of a support row, rows 3 and 4 are in the gap, rows 9 to 11 beyond the cap.
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(rows_in_tasks(*source), (std::set<int>{0, 1, 5, 6, 7, 8}));
  EXPECT_EQ(rules(source->left_out()), (Counts{{"tie", 1}, {"purge_gap", 2}, {"query_cap", 3}}));
  options.split = {
      .by = "time", .train = 0, .validation = 0, .test = 0, .validation_from = "", .test_from = "2"};
  try {
    make_table_source(options, TargetType::real, 1);
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("1 task straddles a boundary"), std::string::npos)
        << error.what();
  }
}

TEST(LeftOut, CountsByRuleInWindows) {
  const Scratch folder;
  std::string text = "id,t,x,y\n";
  for (int t = 0; t < 21; ++t) text += "a," + std::to_string(t) + "," + std::to_string(t) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.windows = {.support = 2, .query = 2, .stride = 6, .purge = 1};
  options.split = {
      .by = "time", .train = 0, .validation = 0, .test = 0, .validation_from = "10", .test_from = "12"};
  // Windows at 0, 6 and 12 with queries 3-4, 9-10 (on both sides of 10) and 15-16; 5, 17 and more in none.
  const auto source = make_table_source(options, TargetType::real, 1);
  const LeftOut& left = source->left_out();
  EXPECT_EQ(rows_in_tasks(*source), (std::set<int>{0, 1, 3, 4, 12, 13, 15, 16}));
  EXPECT_EQ(rules(left), (Counts{{"purge_gap", 2}, {"straddling", 5}, {"no_window", 6}}));
  EXPECT_EQ(left.straddling_tasks, 1);
}

}  // namespace
}  // namespace shoal
