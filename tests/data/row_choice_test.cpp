// SPDX-License-Identifier: Apache-2.0
// Support and query rows of a key: random samples without time, otherwise in order of time; stratified by
// class.
#include "data/row_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include <shoal/error.hpp>

#include "data/stratified_counts.hpp"

namespace shoal {
namespace {

using Rows = std::vector<std::int32_t>;

RowFlags all_labelled(std::size_t rows) {
  return {std::vector<bool>(rows, true), std::vector<bool>(rows, true), {}};
}
Rows first_rows(std::int32_t count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

TEST(RowChoice, ACapTakesARandomSampleOfTheOtherRows) {
  // Rows sorted by label, good ones first: over many seeds the mean label of capped queries is that of all
  // rows.
  const int rows = 30, bad = 6, seeds = 200;
  const auto label = [&](std::int32_t row) { return row >= rows - bad ? 1.0 : 0.0; };
  double sum = 0.0, squares = 0.0;
  std::set<Rows> different;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const RowChoice choice =
        choose_at_random(first_rows(rows), all_labelled(rows), {.support = 10, .query = 10}, "k", 99, seed);
    ASSERT_EQ(choice.query.size(), 10u);
    EXPECT_EQ(choice.capped, 10);
    EXPECT_TRUE(std::is_sorted(choice.query.begin(), choice.query.end()));
    different.insert(choice.query);
    double mean = 0.0;
    for (const std::int32_t row : choice.query) mean += label(row) / 10.0;
    sum += mean;
    squares += mean * mean;
  }
  const double mean = sum / seeds, error = std::sqrt((squares / seeds - mean * mean) / (seeds - 1));
  EXPECT_LE(std::abs(mean - 1.0 * bad / rows), 4.0 * error) << mean << " +- " << error;
  EXPECT_GT(error, 0.0);
  EXPECT_GT(different.size(), 190u);
}

TEST(RowChoice, TheCapChangesNoSupportRow) {
  for (std::int64_t query : {0, 1, 7, 19, 20, 50}) {
    const RowFlags flags = all_labelled(30);
    const RowChoice capped =
        choose_at_random(first_rows(30), flags, {.support = 10, .query = query}, "k", 5, 1);
    const RowChoice whole = choose_at_random(first_rows(30), flags, {.support = 10}, "k", 5, 1);
    EXPECT_EQ(capped.support, whole.support);
    const std::int64_t kept = query == 0 ? 20 : std::min<std::int64_t>(query, 20);
    EXPECT_EQ(std::ssize(capped.query), kept);
    EXPECT_EQ(capped.capped, 20 - kept);
    EXPECT_TRUE(
        std::includes(whole.query.begin(), whole.query.end(), capped.query.begin(), capped.query.end()));
  }
}

TEST(RowChoice, StratifiedSupportHasEveryClassInProportion) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 500; ++round) {
    const auto count = static_cast<std::int32_t>(2 + random() % 60);
    const auto classes = static_cast<std::int32_t>(1 + random() % 4);
    RowFlags flags = all_labelled(static_cast<std::size_t>(count));
    std::vector<std::int64_t> of_class(static_cast<std::size_t>(classes), 0);
    for (std::int32_t row = 0; row < count; ++row) {
      const auto drawn = static_cast<std::int32_t>(random() % 10);  // uneven: the last class is frequent
      flags.class_of.push_back(std::min(drawn, classes - 1));
      ++of_class[static_cast<std::size_t>(flags.class_of.back())];
    }
    const auto support = std::min<std::int64_t>(4 + static_cast<std::int64_t>(random() % 20), count);
    const auto present = std::count_if(of_class.begin(), of_class.end(), [](auto n) { return n > 0; });
    if (support < present) continue;
    const RowChoice choice = choose_at_random(first_rows(count), flags, {.support = support}, "k", 1,
                                              static_cast<std::uint64_t>(round));
    std::vector<std::int64_t> found(of_class.size(), 0);
    for (const std::int32_t row : choice.support)
      ++found[static_cast<std::size_t>(flags.class_of[static_cast<std::size_t>(row)])];
    EXPECT_EQ(std::ssize(choice.support), support);
    EXPECT_EQ(std::ssize(choice.query), count - support);
    for (std::size_t c = 0; c < of_class.size(); ++c) {
      const double share = static_cast<double>(support * of_class[c]) / count;
      EXPECT_LE(found[c], of_class[c]);
      EXPECT_GE(found[c], std::min<std::int64_t>(of_class[c], 1));
      EXPECT_LT(static_cast<double>(found[c]), std::max(share, 1.0) + 1.0);
    }
    // Every row is used once.
    Rows both = choice.support;
    both.insert(both.end(), choice.query.begin(), choice.query.end());
    std::sort(both.begin(), both.end());
    EXPECT_EQ(both, first_rows(count));
  }
}

TEST(RowChoice, AClassesRowsAreDrawnAtRandom) {
  // The 5 support rows must have one bad row; each of the three is chosen about equally often.
  RowFlags flags = all_labelled(15);
  for (int row = 0; row < 15; ++row) flags.class_of.push_back(row < 12 ? 0 : 1);
  std::vector<int> times(15, 0);
  for (std::uint64_t seed = 0; seed < 300; ++seed)
    for (const std::int32_t row :
         choose_at_random(first_rows(15), flags, {.support = 5}, "k", 1, seed).support)
      ++times[static_cast<std::size_t>(row)];
  for (int row = 0; row < 15; ++row) EXPECT_NEAR(times[static_cast<std::size_t>(row)], 100, 40) << row;
  EXPECT_EQ(times[12] + times[13] + times[14], 300);
}

TEST(RowChoice, MoreClassesThanSupportRowsAreRefused) {
  RowFlags flags = all_labelled(8);
  flags.class_of = {0, 1, 2, 3, 0, 1, 2, 3};
  try {
    choose_at_random(first_rows(8), flags, {.support = 3}, "EUR/USD", 1, 1);
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("key \"EUR/USD\" has 4 classes, but tasks.support = 3"),
              std::string::npos)
        << error.what();
  }
  EXPECT_TRUE(choose_at_random(first_rows(8), flags, {.support = 0}, "k", 1, 1).support.empty());
}

TEST(StratifiedCounts, AreProportionsWithNoClassMissing) {
  const auto of = [](std::vector<std::int64_t> rows, std::int64_t support) {
    return stratified_counts(rows, support);
  };
  using Counts = std::vector<std::int64_t>;
  EXPECT_EQ(of({15, 15}, 10), (Counts{5, 5}));
  EXPECT_EQ(of({27, 3}, 10), (Counts{9, 1}));
  EXPECT_EQ(of({98, 2}, 10), (Counts{9, 1}));
  EXPECT_EQ(of({1000, 1, 1, 1}, 10), (Counts{7, 1, 1, 1}));
  EXPECT_EQ(of({1, 1, 1}, 3), (Counts{1, 1, 1}));
  EXPECT_EQ(of({5, 5, 5}, 10), (Counts{4, 3, 3}));
  EXPECT_EQ(of({0, 4}, 2), (Counts{0, 2}));
  EXPECT_EQ(of({3, 4}, 7), (Counts{3, 4}));
  EXPECT_EQ(of({}, 0), Counts{});
}

TEST(RowChoice, InTimeTiesAndTheGapAreOnNeitherSideAndCounted) {
  const std::vector<std::int32_t> rank = {0, 1, 1, 1, 2, 3, 4, 5};
  const auto rank_of = [&](std::int32_t row) { return rank[static_cast<std::size_t>(row)]; };
  RowFlags flags = all_labelled(8);
  RowChoice choice = choose_in_time(first_rows(8), flags, rank_of, {.support = 2});
  EXPECT_EQ(choice.support, (Rows{0, 1}));
  EXPECT_EQ(choice.query, (Rows{4, 5, 6, 7}));
  EXPECT_EQ(choice.tied, 2);
  choice = choose_in_time(first_rows(8), flags, rank_of, {.support = 2, .query = 2, .purge_gap = 3});
  EXPECT_EQ(choice.query, (Rows{5, 6}));
  EXPECT_EQ(choice.tied, 2);
  EXPECT_EQ(choice.in_gap, 1);
  EXPECT_EQ(choice.capped, 1);
  // Rows without targets are predicted wherever they are: before, beside and after the support, and in the
  // gap.
  flags.labelled = {false, true, true, false, true, false, true, true};
  choice = choose_in_time(first_rows(8), flags, rank_of, {.support = 1, .purge_gap = 4});
  EXPECT_EQ(choice.support, (Rows{1}));
  EXPECT_EQ(choice.query, (Rows{0, 3, 5, 6, 7}));
  EXPECT_EQ(choice.tied, 1);
  EXPECT_EQ(choice.in_gap, 1);
  // Without a row to adapt on, all rows are predicted.
  flags.labelled.assign(8, false);
  choice = choose_in_time(first_rows(8), flags, rank_of, {.support = 3, .purge_gap = 2});
  EXPECT_TRUE(choice.support.empty());
  EXPECT_EQ(choice.query, first_rows(8));
}

}  // namespace
}  // namespace shoal
