// SPDX-License-Identifier: Apache-2.0
// Tables in memory: the same cells give what a CSV file gives, both bits and errors.
// Covers file_columns, file_table, memory_columns.
#include <shoal/memory_table.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>

#include <shoal/error.hpp>

#include "data/basic_table.hpp"
#include "data/random_columns.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::basic;
using testing::random_columns;
using testing::RandomColumns;
using testing::Scratch;
using testing::values;

constexpr Phase phases[] = {Phase::train, Phase::validation, Phase::test};
const double nan = std::numeric_limits<double>::quiet_NaN();

/// A source, or the reason why there is none.
struct Outcome {
  std::unique_ptr<TableSource> source;
  std::string refusal;
};

Outcome outcome_of(const std::function<std::unique_ptr<TableSource>()>& make) {
  try {
    return {make(), ""};
  } catch (const DataError& error) {
    return {nullptr, std::string("data: ") + error.what()};
  } catch (const InvalidArgument& error) {
    return {nullptr, std::string("argument: ") + error.what()};
  }
}

/// Translates the error of a file into that of a table in memory: line n + 2 is row n.
std::string in_memory_words(const std::string& refusal, const std::string& path) {
  std::string words;
  const std::string of_line = path + ":";
  for (std::size_t at = 0; at < refusal.size();) {
    if (refusal.compare(at, of_line.size(), of_line) != 0) {
      words += refusal[at++];
      continue;
    }
    at += of_line.size();
    std::size_t end = at;
    while (end < refusal.size() && refusal[end] >= '0' && refusal[end] <= '9') ++end;
    const int line = end > at ? std::stoi(refusal.substr(at, end - at)) : 0;
    words += line >= 2 ? "table row " + std::to_string(line - 2) : std::string("table");
    words += line == 0 ? ":" : "";
    at = end;
  }
  return words;
}

template <class Value>
void expect_same(std::span<const Value> got, std::span<const Value> want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(got[i] == want[i] || (got[i] != got[i] && want[i] != want[i])) << got[i] << ", " << want[i];
}

template <class Real>
void expect_same(const BasicTaskBatch<Real>& got, const BasicTaskBatch<Real>& want) {
  ASSERT_EQ(got.columns(), want.columns());
  expect_same(got.ids(), want.ids());
  for (const auto& [a, b] :
       {std::pair(got.support(), want.support()), std::pair(got.query(), want.query())}) {
    expect_same(a.x, b.x);
    expect_same(a.y, b.y);
    expect_same(a.labels, b.labels);
    expect_same(a.output_offset, b.output_offset);
    expect_same(a.row_starts, b.row_starts);
  }
}

void expect_same(const LeftOut& got, const LeftOut& want) {
  EXPECT_EQ(got.rows_by_rule, want.rows_by_rule);
  EXPECT_EQ(got.keys, want.keys);
  EXPECT_EQ(got.example, want.example);
  EXPECT_EQ(got.straddling_tasks, want.straddling_tasks);
  EXPECT_EQ(got.windows_without_target, want.windows_without_target);
  EXPECT_EQ(got.unknown_categories, want.unknown_categories);
}

void expect_same_tasks(const TableSource& got, const TableSource& want, Phase phase) {
  ASSERT_EQ(got.ids(phase), want.ids(phase));
  if (want.ids(phase).empty()) return;
  expect_same(got.evaluation(phase, 0), want.evaluation(phase, 0));
  expect_same(got.evaluation64(phase, 0), want.evaluation64(phase, 0));
  for (std::int64_t iteration = 0; iteration < 3; ++iteration) {
    expect_same(got.sample(phase, iteration, 2), want.sample(phase, iteration, 2));
    expect_same(got.sample64(phase, iteration, 3), want.sample64(phase, iteration, 3));
  }
  EXPECT_EQ(got.key_ranks(got.ids(phase)), want.key_ranks(want.ids(phase)));
  for (const std::int64_t id : want.ids(phase)) {
    EXPECT_EQ(got.key_of(id), want.key_of(id));
    EXPECT_EQ(got.key_values(id), want.key_values(id));
    expect_same(got.query_rows(id), want.query_rows(id));
  }
}

void expect_same(const TableSource& got, const TableSource& want, const RandomColumns& table) {
  ASSERT_EQ(got.columns(), want.columns());
  EXPECT_EQ(got.classes(), want.classes());
  EXPECT_EQ(got.target_units(), want.target_units());
  EXPECT_EQ(to_json(got.preprocessing()), to_json(want.preprocessing()));
  expect_same(got.left_out(), want.left_out());
  EXPECT_EQ(got.notes(), want.notes());
  for (const Phase phase : phases) expect_same_tasks(got, want, phase);
  const std::size_t rows = table.columns[0].cells.size();
  for (std::size_t target = 0; target < table.options.targets.size(); ++target) {
    const CellTexts a = got.target_texts(target), b = want.target_texts(target);
    ASSERT_EQ(a.size(), rows);
    ASSERT_EQ(b.size(), rows);
    for (std::size_t row = 0; row < rows; ++row) EXPECT_EQ(a[row], b[row]) << row;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    EXPECT_EQ(got.time_of(static_cast<std::int64_t>(row)), want.time_of(static_cast<std::int64_t>(row)));
    EXPECT_EQ(got.time_rank(static_cast<std::int64_t>(row)), want.time_rank(static_cast<std::int64_t>(row)));
  }
}

using Make = std::function<std::unique_ptr<TableSource>(const TableOptions&)>;

/// Expects the same result from both ways; returns whether the table became a source.
bool expect_same(const RandomColumns& table, const std::string& path, const Make& from_file,
                 const Make& from_memory) {
  TableOptions options = table.options;
  const Outcome got = outcome_of([&] { return from_memory(options); });
  options.path = path;
  const Outcome want = outcome_of([&] { return from_file(options); });
  EXPECT_EQ(got.refusal, in_memory_words(want.refusal, path));
  if (got.source && want.source) expect_same(*got.source, *want.source, table);
  return got.source != nullptr;
}

TEST(MemoryTable, GivesWhatTheSameCellsInAFileGive) {
  std::mt19937_64 random(31);
  const Scratch folder;
  int made = 0, refused = 0;
  for (int round = 0; round < 600; ++round) {
    RandomColumns table = random_columns(random);
    if (round % 3 == 2) testing::spoil(table, random);
    const std::uint64_t seed = random();
    const std::string path = folder.file("t.csv", table.csv());
    SCOPED_TRACE(std::to_string(round) + "\n" + table.csv());
    const std::vector<TableColumn> memory = table.in_memory(random);
    const bool is_source = expect_same(
        table, path, [&](const TableOptions& o) { return make_table_source(o, table.target, seed); },
        [&](const TableOptions& o) { return make_table_source(memory, o, table.target, seed); });
    ++(is_source ? made : refused);
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%d tables became sources, %d were refused\n", made, refused);
  EXPECT_GT(made, 200);
  EXPECT_GT(refused, 100);
}

// The preprocessing of a model with other rows: new keys, unknown categories, missing targets, no targets at
// all.
TEST(MemoryTable, ModelsMeetItAsTheyMeetAFile) {
  std::mt19937_64 random(32);
  const Scratch folder;
  int made = 0, refused = 0, without_targets = 0;
  for (int round = 0; made + refused < 300; ++round) {
    RandomColumns table = random_columns(random);
    table.options.path = folder.file("t.csv", table.csv());
    const Outcome trained = outcome_of([&] { return make_table_source(table.options, table.target, 5); });
    if (!trained.source) continue;
    const Preprocessing& known = trained.source->preprocessing();
    const auto needed = static_cast<TargetsNeeded>(random() % 3);
    const auto phases_of = random() % 2 ? Phases::split : Phases::all_test;
    for (testing::CellColumn& column : table.columns)
      for (std::string& cell : column.cells)
        if (random() % 40 == 0) cell = column.name == "w" ? "purple" : column.name == "k" ? "12" : "";
    if (needed == TargetsNeeded::nowhere && random() % 2) {
      std::erase_if(table.columns, [](const auto& column) { return column.name.starts_with("y"); });
      ++without_targets;
    }
    const std::string path = folder.file("new.csv", table.csv());
    SCOPED_TRACE(std::to_string(round) + "\n" + table.csv());
    const std::vector<TableColumn> memory = table.in_memory(random);
    const bool is_source = expect_same(
        table, path,
        [&](const TableOptions& o) {
          return make_table_source(o, known, table.target, needed, phases_of, 5);
        },
        [&](const TableOptions& o) {
          return make_table_source(memory, o, known, table.target, needed, phases_of, 5);
        });
    ++(is_source ? made : refused);
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%d tables became sources, %d were refused\n", made, refused);
  EXPECT_GT(made, 60);
  EXPECT_GT(refused, 30);
  EXPECT_GT(without_targets, 20);
}

std::vector<TableColumn> small_table() {
  return {TableColumn::own_codes("id", {0, 0, 1, 1, 0, 1}, {"a", "b"}),
          TableColumn::own_numbers("x", {1, 2, 3, 4, 5, 6}),
          TableColumn::own_numbers("y", {10, 20, 30, 40, 50, 60})};
}

std::string refusal_of(const std::vector<TableColumn>& table, TableOptions options = basic("")) {
  return outcome_of([&] { return make_table_source(table, options, TargetType::real, 1); }).refusal;
}

TEST(MemoryTable, KeysOfNumbersAreTheirDigits) {
  std::vector<TableColumn> table = small_table();
  table[0] = TableColumn::own_numbers("id", {100000, 100000, -0.5, -0.5, 100000, -0.5});
  TableOptions options = basic("nowhere.csv");  // the path is not used
  options.time = "t";
  table.push_back(TableColumn::own_numbers("t", {6e17, 5e17, 3, 2, 4e17, 1}));
  const auto source = make_table_source(table, options, TargetType::real, 1);
  std::map<std::string, std::vector<float>> support;
  const TaskBatch tasks = source->evaluation(Phase::train, 0);
  for (std::int64_t t = 0; t < tasks.size(); ++t)
    support[source->key_of(tasks.ids()[static_cast<std::size_t>(t)])] =
        values(tasks.select(std::vector{t}).support().x);
  EXPECT_EQ(support, (std::map<std::string, std::vector<float>>{{"100000", {5, 2}}, {"-0.5", {6, 4}}}));
  EXPECT_EQ(source->time_of(0), "600000000000000000");
}

TEST(MemoryTable, MissingIsWhatTheMaskOrTheValueSays) {
  const std::string missing =
      ": column \"x\": the value is missing; tasks.missing = \"drop\" leaves such rows out";
  std::vector<TableColumn> table = small_table();
  table[1] = TableColumn::own_numbers("x", {1, nan, 3, 4, 5, 6}, {0, 0, 0, 9, 0, 0});
  EXPECT_EQ(refusal_of(table), "data: table row 1" + missing);
  table[1] = TableColumn::own_numbers("x", {1, 2, 3, 4, 5, 6}, {0, 0, 0, 9, 0, 0});
  EXPECT_EQ(refusal_of(table), "data: table row 3" + missing);
  table[1] = TableColumn::own_codes("x", {0, 1, 0, 1, 2, -1}, {"1", "2", "unknown"});
  TableOptions options = basic("");
  options.format.missing_words = {"unknown"};
  EXPECT_EQ(refusal_of(table, options), "data: table row 4" + missing);
  options.missing = MissingPolicy::mean;
  const auto source = make_table_source(table, options, TargetType::real, 1);
  EXPECT_EQ(source->preprocessing().inputs, (std::vector<std::string>{"x", "x_missing"}));
  EXPECT_EQ(source->preprocessing().fill[0], 1.5);
}

TEST(MemoryTable, RefusalsNameColumnAndRow) {
  const auto with = [](std::size_t at, TableColumn column) {
    std::vector<TableColumn> table = small_table();
    table[at] = std::move(column);
    return refusal_of(table);
  };
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(with(1, TableColumn::own_numbers("x", {1, 2, -inf, 4, 5, 6})),
            "data: table row 2: column \"x\": \"-inf\" is infinite, which is not allowed; to read it as "
            "missing: set tasks.missing_words = [\"-inf\"]");
  EXPECT_TRUE(
      with(1, TableColumn::own_codes("x", {0, 1, 0, 0, 0, 0}, {"1", "5 apples"}))
          .starts_with("data: table row 1: column \"x\": \"5 apples\" is not a number, 5 other values"));
  EXPECT_EQ(with(1, TableColumn::own_numbers("xx", {1, 2, 3, 4, 5, 6})),
            "data: table: there is no column \"x\" (did you mean \"xx\"?); tasks.features asks for it");
  EXPECT_EQ(with(1, TableColumn::own_numbers("x", {1, 2, 3})),
            "data: table: column \"x\" has 3 rows, column \"id\" has 6");
  EXPECT_EQ(with(0, TableColumn::own_codes("id", {0, 0, 1, 1, 1, 0}, {"a", "\xff"})),
            "data: table row 2: column \"id\": \"\\xff\" is not UTF-8");
  EXPECT_EQ(with(0, TableColumn::own_codes("id", {0, 0, 1, 1, 1, 0}, {"a", std::string("b\0", 2)})),
            "data: table row 2: column \"id\": \"b\\x00\" holds a zero byte");
  std::vector<TableColumn> twice = small_table();
  twice.push_back(twice[1]);
  EXPECT_EQ(refusal_of(twice), "data: table: column \"x\" occurs twice (columns 2 and 4)");
  EXPECT_EQ(refusal_of({}), "data: table: it has no columns");
  EXPECT_EQ(refusal_of({TableColumn::own_numbers("x", {})}), "data: table: it has no rows");
}

std::string refused_column(const std::function<void()>& make) {
  try {
    make();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(MemoryTable, ColumnsAreCheckedWhenTheyAreMade) {
  EXPECT_EQ(refused_column([] {
              TableColumn::own_codes("k", {0, 3, 1}, {"a", "b"});
            }),
            "row 1: column \"k\": code 3 is none of its 2 levels: they are numbered from 0, and -1 means "
            "missing");
  const auto below_missing = [] { TableColumn::own_codes("k", {0, -2}, {"a"}); };
  EXPECT_TRUE(refused_column(below_missing).starts_with("row 1: column \"k\": code -2 is none"));
  EXPECT_EQ(refused_column([] {
              TableColumn::own_numbers("x", {1, 2, 3}, {0, 1});
            }),
            "column \"x\": its missing mask has 2 entries for 3 rows");
  EXPECT_EQ(refused_column([] { TableColumn::own_numbers("\xff", {1}); }),
            "column \"\\xff\": its name is not UTF-8");
}

TEST(MemoryTable, TheOwnerLivesAsLongAsTheSource) {
  auto memory = std::make_shared<const std::vector<double>>(std::vector<double>{1, 2, 3, 4, 5, 6});
  const std::weak_ptr<const std::vector<double>> there = memory;
  std::vector<TableColumn> table = small_table();
  table[1] = TableColumn::borrow_numbers("x", *memory, {}, memory);
  EXPECT_EQ(table[1].numbers().data(), memory->data()) << "nothing is copied";
  auto source = make_table_source(table, basic(""), TargetType::real, 1);
  memory.reset();
  table.clear();
  ASSERT_FALSE(there.expired());
  EXPECT_EQ(values(source->evaluation(Phase::train, 0).support().x).size(), 4u);
  source.reset();
  EXPECT_TRUE(there.expired());
}

TEST(MemoryTable, AColumnMayStandForTheNamesOfFiles) {
  std::vector<TableColumn> table = small_table();
  TableOptions options = basic("");
  options.key = {std::string(file_column)};
  table.push_back(
      TableColumn::of_texts(std::string(file_column),
                            std::vector<std::string>{"a.csv", "a.csv", "b.csv", "b.csv", "a.csv", "b.csv"}));
  const auto source = make_table_source(table, options, TargetType::real, 1);
  EXPECT_EQ(*source->size(Phase::train), 2);
}

}  // namespace
}  // namespace shoal
