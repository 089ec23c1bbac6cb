// SPDX-License-Identifier: Apache-2.0
// Reporters for Google Benchmark. One prints the report; the other lets the library print (JSON and CSV).
// Both keep the results.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "report_table.hpp"
#include "report_words.hpp"
#include "results.hpp"
#include "terminal.hpp"

namespace shoal::bench {

class CollectingReporter : public benchmark::BenchmarkReporter {
 public:
  /// `planned` are the rows that will run; empty when that is not known. `progress` says whether progress may
  /// be shown.
  CollectingReporter(Circumstances run, const std::vector<RowName>& planned, bool progress);

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override { progress_.clear(); }
  /// Called when the timing of a row begins; shows the row.
  virtual void row_starts(const RowName& name) { progress_.row_starts(name.text()); }

  const Results& results() const { return results_; }
  const Circumstances& circumstances() const { return run_; }

 protected:
  Circumstances run_;
  Results results_;
  Progress progress_;
};

class TableReporter : public CollectingReporter {
 public:
  /// `peak_of_cpu` measures the peak again after all rows.
  TableReporter(Circumstances run, std::vector<RowName> planned, bool coloured,
                std::function<double()> peak_of_cpu);

  bool ReportContext(const Context& context) override;
  void Finalize() override;
  void row_starts(const RowName& name) override;

 private:
  /// Rows whose lines stand together: those of one shape, with gradients and steps apart.
  using Block = std::pair<bool, std::string>;
  static Block block_of(const RowName& name) { return {name.work == "meta_gradient", name.shape}; }
  bool is_complete(const Block& block) const;
  void print_blocks(bool unfinished_ones_too);
  void print(const std::string& text);

  const std::vector<RowName> planned_;
  const int width_;
  const bool coloured_;
  const Table table_;
  const std::function<double()> peak_of_cpu_;
  std::vector<Block> printed_;
};

class ForwardingReporter : public CollectingReporter {
 public:
  /// `printer` prints the results and must outlive this object. It may print incomplete lines, so progress is
  /// not shown among them.
  ForwardingReporter(Circumstances run, const std::vector<RowName>& planned, BenchmarkReporter& printer)
      : CollectingReporter(std::move(run), planned, !is_terminal(stdout)), printer_(printer) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  BenchmarkReporter& printer_;
};

/// Makes the reporter that --benchmark_format asks for. Obeys NO_COLOR unless `colour_is_named`.
std::unique_ptr<CollectingReporter> make_reporter(Circumstances run, std::vector<RowName> planned,
                                                  bool colour_is_named, std::function<double()> peak_of_cpu);

}  // namespace shoal::bench
