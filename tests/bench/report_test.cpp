// SPDX-License-Identifier: Apache-2.0
// The report of shoal-bench on made-up results: of a GPU, with failed rows, with figures of any size, in
// every width.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "bench/chart.hpp"
#include "bench/figures.hpp"
#include "bench/report_table.hpp"
#include "bench/report_words.hpp"
#include "bench/results.hpp"
#include "bench/shapes.hpp"
#include "bench/terminal.hpp"

namespace shoal::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void expect_within(const std::string& text, int width) {
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  for (const std::string& line : lines_of(text)) EXPECT_LE(static_cast<int>(line.size()), width) << line;
}

Result result(const std::string& name, double rate, std::optional<double> share = {},
              std::optional<double> kernels = {}) {
  Result row;
  row.name = *row_name_from(name);
  row.tasks_per_second = rate;
  row.call_seconds = static_cast<double>(row.name.tasks) / rate;
  row.peak_share = share;
  row.kernel_share = kernels;
  return row;
}

Results three_backends() {
  Results results;
  results.add(result("cpu/sine_k1/25/meta_gradient", 1e5, 12.34));
  results.add(result("reference/sine_k1/25/meta_gradient", 2e3));
  results.add(result("cuda/sine_k1/25/meta_gradient", 5e4, 0.5, 20.0));
  results.add(result("cpu/sine_k1/65536/meta_gradient", 4e5, 60.0));
  results.add(result("cuda/sine_k1/65536/meta_gradient", 123456789.0, 99.9, 100.0));
  Result failed = result("cuda/wide/1024/meta_gradient", 1.0);
  failed.error = "3 of 1024 tasks failed, " + std::string(300, 'x');
  results.add(failed);
  results.add(result("cpu/wide/1024/meta_gradient", 12.5, 75.0));
  return results;
}

Circumstances circumstances() {
  Circumstances run;
  run.version = "1.2.3";
  run.machine = "A processor <& co>";
  run.cpus = 2;
  run.peaks = {{"cpu", 100.0, "measured: by multiplying"},
               {"reference", 0.0, "double precision"},
               {"cuda", 67000.0, "not measured: multiprocessors x lanes"}};
  return run;
}

std::string table_of(const Results& results, int width, bool coloured = false, bool device = true) {
  const Table table(width, coloured, device);
  std::string text = table.header();
  for (const Shape& shape : shapes()) {
    std::vector<const Result*> rows;
    for (const Result& row : results.all())
      if (row.name.shape == shape.name) rows.push_back(&row);
    if (!rows.empty()) text += table.block(rows, results);
  }
  return text;
}

TEST(Report, FitsEveryWidthWithoutEscapeCodes) {
  const Results results = three_backends();
  Circumstances run = circumstances();
  run.not_run = {{"cuda", std::string(200, 'w') + " long words too"}};
  run.load = 7.0;
  run.library_is_debug = run.clock_is_scaled = true;
  for (int width = narrowest; width <= widest; ++width) {
    expect_within(opening(run, width) + not_run(run, width) + closing(run, results, width), width);
    expect_within(table_of(results, width), width);
  }
}

TEST(Report, ColumnsLeaveInTheOrderOfTheirWorth) {
  for (const bool device : {false, true})
    for (const char* title : {"% peak", "x ref", "x other", "backend", "work"})
      EXPECT_TRUE(Table(80, false, device).has(title));
  EXPECT_TRUE(Table(100, false, false).has("time/call"));
  EXPECT_TRUE(Table(100, false, true).has("% kernels"));
  EXPECT_FALSE(Table(100, false, false).has("% kernels"));
  EXPECT_FALSE(Table(80, false, true).has("% kernels"));
  EXPECT_THAT(table_of(three_backends(), 100, false, false), HasSubstr("meta_gradient"));
  EXPECT_THAT(table_of(three_backends(), 80), Not(HasSubstr("meta_gradient")));
}

TEST(Report, ColoursAreOnlyAroundWhatIsThereWithoutThem) {
  std::string coloured = table_of(three_backends(), 100, true);
  EXPECT_THAT(coloured, HasSubstr("\x1b[31m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[32m"));
  for (std::size_t at; (at = coloured.find('\x1b')) != std::string::npos;)
    coloured.erase(at, coloured.find('m', at) - at + 1);
  EXPECT_EQ(coloured, table_of(three_backends(), 100));
}

TEST(Report, AFailedRowSaysWhyInShort) {
  const auto lines = lines_of(table_of(three_backends(), 80));
  const auto failed = std::find_if(lines.begin(), lines.end(),
                                   [](const std::string& l) { return l.find("failed") != l.npos; });
  ASSERT_NE(failed, lines.end());
  EXPECT_EQ(failed->find("wide"), 0u);
  EXPECT_THAT(*failed, HasSubstr("cuda  failed: 3 of 1024 tasks failed"));
  EXPECT_THAT(*failed, ::testing::EndsWith("..."));
  EXPECT_THAT(closing(circumstances(), three_backends(), 1000), HasSubstr("1 row failed"));
}

TEST(Results, CompareWithTheReferenceAndWithTheBestOther) {
  const Results results = three_backends();
  const auto find = [&](const char* name) -> const Result& { return *results.find(*row_name_from(name)); };
  const Result& cpu = find("cpu/sine_k1/25/meta_gradient");
  EXPECT_DOUBLE_EQ(results.times_reference(cpu)->value, 50.0);
  EXPECT_FALSE(results.times_reference(cpu)->scaled);
  EXPECT_DOUBLE_EQ(*results.times_best_other(cpu), 2.0);
  EXPECT_DOUBLE_EQ(*results.times_best_other(find("reference/sine_k1/25/meta_gradient")), 0.02);
  const Result& large = find("cpu/sine_k1/65536/meta_gradient");
  EXPECT_DOUBLE_EQ(results.times_reference(large)->value, 200.0);
  EXPECT_TRUE(results.times_reference(large)->scaled);
  const Result& alone = find("cpu/wide/1024/meta_gradient");  // the other one failed
  EXPECT_FALSE(results.times_best_other(alone));
  EXPECT_FALSE(results.times_reference(alone));
}

TEST(Results, ScaleFromTheReferencesLargestBatch) {
  Results results;
  results.add(result("reference/market/1024/meta_step", 10.0));
  results.add(result("reference/market/25/meta_step", 20.0));
  results.add(result("reference/market/25/meta_gradient", 40.0));
  results.add(result("cpu/market/8192/meta_step", 100.0));
  EXPECT_DOUBLE_EQ(results.times_reference(results.all().back())->value, 10.0);
  results.add(result("reference/market/8192/meta_step", 5.0));  // the row itself
  results.add(result("reference/market/65536/meta_step", 4.0));
  EXPECT_DOUBLE_EQ(results.times_reference(*results.find(*row_name_from("cpu/market/8192/meta_step")))->value,
                   20.0);
}

TEST(Results, TheMedianReplacesAndAFailureStays) {
  Results results;
  results.add(result("cpu/sine_k1/25/train", 1.0));
  results.add(result("cpu/sine_k1/25/train", 2.0));
  ASSERT_EQ(results.all().size(), 1u);
  EXPECT_EQ(results.all()[0].tasks_per_second, 2.0);
  Result failed = result("cpu/sine_k1/25/train", 3.0);
  failed.error = "no memory";
  results.add(failed);
  results.add(result("cpu/sine_k1/25/train", 4.0));
  EXPECT_TRUE(results.all()[0].failed());
}

TEST(RowName, IsReadFromItsText) {
  EXPECT_EQ(row_name_from("cpu/wide/25/train")->text(), "cpu/wide/25/train");
  for (const char* text :
       {"", "cpu", "cpu/wide/25", "cpu/wide/x/train", "cpu/wide/25x/train", "cpu/wide/25/train/real_time"})
    EXPECT_FALSE(row_name_from(text)) << text;
}

TEST(Words, RowsThatAreTooLargeTakeAFewLines) {
  std::vector<RowName> rows;
  for (const char* backend : {"cpu", "reference", "cuda"})
    for (const Shape& shape : shapes())
      for (const std::int64_t tasks : {8192, 1024, 65536})
        if (shape.name != "wide" || tasks > 1024)
          rows.push_back({backend, std::string(shape.name), tasks, "meta_gradient"});
  Circumstances run = circumstances();
  run.too_large = rows;
  run.left_by_quick = 1;
  const std::string text = not_run(run, 80);
  EXPECT_LE(lines_of(text).size(), 8u) << text;
  EXPECT_THAT(not_run(run, 1000), HasSubstr("cpu: wide from 8,192 tasks, sine_k1 and sine_k5 and market and "
                                            "credit and large from 1,024 tasks;"));
  EXPECT_THAT(text, HasSubstr("1 row that --quick leaves out"));
  EXPECT_EQ(not_run(circumstances(), 80), "");
}

TEST(Words, SayWhatAPeakIsAndWhoseTheDebugBuildIs) {
  Circumstances run = circumstances();
  std::string text = closing(run, three_backends(), 10000);
  EXPECT_THAT(text, HasSubstr("the cpu backend computes 400,000 exact second-order meta-gradients of sine "
                              "tasks a second (sine_k1, "
                              "65,536 tasks a call), which is 60.0 % of its FMA peak and 200 times the "
                              "reference backend (scaled)"));
  EXPECT_THAT(text, HasSubstr("The cuda backend computes 123,456,789"));
  EXPECT_THAT(text, HasSubstr("99.9 % of its peak by data sheet"));
  EXPECT_THAT(text, HasSubstr("fastest was cpu in 1 of 2, cuda in 1 of 2."));
  EXPECT_THAT(text, Not(HasSubstr("debug")));
  run.library_is_debug = true;
  EXPECT_THAT(closing(run, three_backends(), 10000),
              HasSubstr("Google Benchmark, the library that keeps the time, is a debug build"));
  run.shoal_is_optimised = false;
  EXPECT_THAT(closing(run, three_backends(), 10000), HasSubstr("Shoal was built without optimisation"));
  EXPECT_THAT(opening(run, 100),
              HasSubstr("cuda: peak 67,000 Gflop/s, not measured: multiprocessors x lanes"));
}

TEST(Words, SayWhenThePeakChanged) {
  Circumstances run = circumstances();
  const std::pair<double, const char*> expected[] = {
      {140.0,
       "was 140 Gflop/s, not 100: the machine was busier at the beginning, and \"% peak\" may be too high"},
      {60.0, "was 60.0 Gflop/s, not 100: the machine was busier at the end, and \"% peak\" may be too low"}};
  for (const auto& [afterwards, words] : expected) {
    run.cpu_peak_afterwards = afterwards;
    EXPECT_THAT(closing(run, three_backends(), 10000), HasSubstr(words));
  }
  for (const double afterwards : {0.0, 95.0, 105.0}) {
    run.cpu_peak_afterwards = afterwards;
    EXPECT_THAT(closing(run, three_backends(), 10000), Not(HasSubstr("Measured again")));
  }
}

TEST(Figures, HaveThreeDigitsWithoutARoundingMore) {
  const std::pair<double, const char*> expected[] = {
      {0.0, "0"},       {0.00043, "0.00043"},     {0.0399, "0.040"},    {0.99949, "0.999"}, {0.99951, "1.00"},
      {9.9949, "9.99"}, {9.996, "10.0"},          {99.94, "99.9"},      {99.96, "100"},     {999.4, "999"},
      {999.6, "1,000"}, {1234567.0, "1,234,567"}, {123456.0, "123,456"}};
  for (const auto& [value, text] : expected) EXPECT_EQ(figure(value), text);
  EXPECT_EQ(duration(2.5e-6), "2.50 us");
  EXPECT_EQ(duration(0.99951e-3), "1.00 ms");
  EXPECT_EQ(duration(61.0), "61.0 s");
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(1024, "row"), "1,024 rows");
}

TEST(Terminal, WrapsWordsOfAnyLength) {
  EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three\n");
  EXPECT_EQ(wrapped("it is 12.5 % of", 10), "it is\n12.5 % of\n");
  EXPECT_EQ(wrapped("abcdefgh ij", 4, 1), "abcd\n efg\n h\n ij\n");
  EXPECT_EQ(shortened("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(shortened("abcdefghi", 8), "abcde...");
}

TEST(Terminal, TakesItsWidthFromTheEnvironmentWithinBounds) {
  const std::pair<const char*, int> expected[] = {{"80", 80}, {"300", widest}, {"7", narrowest}};
  for (const auto& [told, columns] : expected) {
    ::setenv("COLUMNS", told, 1);
    EXPECT_EQ(columns_of(stdout), columns);
  }
  ::unsetenv("COLUMNS");
}

TEST(Chart, NamesEveryRowAndEscapes) {
  const Results results = three_backends();
  const std::string chart = chart_of(results, circumstances());
  for (const Result& row : results.all()) EXPECT_THAT(chart, HasSubstr("<title>" + row.name.text() + ": "));
  EXPECT_THAT(chart, HasSubstr("A processor &lt;&amp; co&gt;, 2 CPUs"));
  EXPECT_THAT(chart, HasSubstr("failed: 3 of 1024 tasks failed"));
  EXPECT_THAT(chart, HasSubstr(">tasks a second (logarithmic)<"));
  EXPECT_THAT(chart, HasSubstr(">% of the backend's peak<"));
  EXPECT_THAT(chart_of(Results(), circumstances()), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace shoal::bench
