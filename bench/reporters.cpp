// SPDX-License-Identifier: Apache-2.0
#include "reporters.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>

namespace shoal::bench {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

/// The error of a failed run, for Google Benchmark before 1.8 and since.
template <class AnyRun>
std::string failure_of(const AnyRun& run) {
  if constexpr (requires { run.error_occurred; }) {
    return run.error_occurred ? run.error_message : "";
  } else {
    return run.skipped ? run.skip_message : "";
  }
}

/// Empty for means, deviations and other aggregates.
std::optional<Result> result_of(const Run& run) {
  if (run.run_type == Run::RT_Aggregate && run.aggregate_name != "median") return std::nullopt;
  const auto name = row_name_from(run.run_name.function_name);
  if (!name) return std::nullopt;
  const auto counter = [&](const char* which) -> std::optional<double> {
    const auto place = run.counters.find(which);
    return place == run.counters.end() ? std::nullopt : std::optional<double>(place->second.value);
  };
  Result result;
  result.name = *name;
  result.error = failure_of(run);
  result.call_seconds = run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit);
  result.tasks_per_second = counter("tasks/s").value_or(0.0);
  result.peak_share = counter("%peak");
  result.kernel_share = counter("device_%peak");
  return result;
}

/// Whether the library uses colours for its own table: by --benchmark_color, or because of the terminal.
struct ConsoleOptions : benchmark::ConsoleReporter {
  static bool coloured(const benchmark::ConsoleReporter& reporter) {
    return (reporter.*(&ConsoleOptions::output_options_) & OO_Color) != 0;
  }
};

}  // namespace

CollectingReporter::CollectingReporter(Circumstances run, const std::vector<RowName>& planned, bool progress)
    : run_(std::move(run)), progress_(static_cast<int>(planned.size()), progress) {}

bool CollectingReporter::ReportContext(const Context& context) {
  run_.cpus = context.cpu_info.num_cpus;
  run_.load = context.cpu_info.load_avg.empty() ? -1.0 : context.cpu_info.load_avg.front();
  run_.clock_is_scaled = context.cpu_info.scaling == benchmark::CPUInfo::ENABLED;
  std::ostringstream words_of_the_library;  // the library tells only here how it was built
  PrintBasicContext(&words_of_the_library, context);
  run_.library_is_debug = words_of_the_library.str().find("built as DEBUG") != std::string::npos;
#if !defined(__OPTIMIZE__)
  run_.shoal_is_optimised = false;
#endif
  return true;
}

void CollectingReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs)
    if (auto result = result_of(run)) {
      if (results_.find(result->name) == nullptr) progress_.row_is_done();
      results_.add(*std::move(result));
    }
}

TableReporter::TableReporter(Circumstances run, std::vector<RowName> planned, bool coloured,
                             std::function<double()> peak_of_cpu)
    : CollectingReporter(std::move(run), planned, true),
      planned_(std::move(planned)),
      width_(columns_of(stdout)),
      coloured_(coloured),
      table_(width_, coloured_, run_.device()),
      peak_of_cpu_(std::move(peak_of_cpu)) {}

void TableReporter::print(const std::string& text) {
  progress_.clear();
  GetOutputStream() << text << std::flush;
}

bool TableReporter::ReportContext(const Context& context) {
  CollectingReporter::ReportContext(context);
  print(opening(run_, width_));
  return true;
}

void TableReporter::row_starts(const RowName& name) {
  print_blocks(false);  // only now is the median of the last row's repetitions known
  CollectingReporter::row_starts(name);
}

bool TableReporter::is_complete(const Block& block) const {
  return !planned_.empty() && std::all_of(planned_.begin(), planned_.end(), [&](const RowName& name) {
    return block_of(name) != block || results_.find(name) != nullptr;
  });
}

void TableReporter::print_blocks(bool unfinished_ones_too) {
  for (const Result& first : results_.all()) {
    const Block block = block_of(first.name);
    if (std::find(printed_.begin(), printed_.end(), block) != printed_.end()) continue;
    if (!unfinished_ones_too && !is_complete(block)) continue;
    std::vector<const Result*> rows;
    for (const Result& result : results_.all())
      if (block_of(result.name) == block) rows.push_back(&result);
    std::string text = "\n";
    if (printed_.empty() || printed_.back().first != block.first)
      text += wrapped(block.first
                          ? "Meta-gradients"
                          : "Meta-steps (gradient and update), and train (with tasks generated as it goes)",
                      width_) +
              table_.header();
    print(text + table_.block(rows, results_));
    printed_.push_back(block);
  }
}

void TableReporter::Finalize() {
  print_blocks(true);
  run_.cpu_peak_afterwards = peak_of_cpu_();
  const std::string missing = not_run(run_, width_);
  print((missing.empty() ? "" : "\n" + missing) + "\n" + closing(run_, results_, width_));
}

bool ForwardingReporter::ReportContext(const Context& context) {
  CollectingReporter::ReportContext(context);
  // The CSV reporter writes the context to standard error, with long lines that also describe Shoal as a
  // debug build.
  std::ostringstream words_of_the_library;
  printer_.SetErrorStream(&words_of_the_library);
  const bool goes_on = printer_.ReportContext(context);
  printer_.SetErrorStream(&GetErrorStream());
  if (!words_of_the_library.str().empty()) GetErrorStream() << opening(run_, columns_of(stderr));
  GetErrorStream() << not_run(run_, columns_of(stderr)) << std::flush;
  return goes_on;
}

void ForwardingReporter::ReportRuns(const std::vector<Run>& runs) {
  CollectingReporter::ReportRuns(runs);
  progress_.clear();
  printer_.ReportRuns(runs);
}

void ForwardingReporter::Finalize() {
  CollectingReporter::Finalize();
  printer_.Finalize();
}

std::unique_ptr<CollectingReporter> make_reporter(Circumstances run, std::vector<RowName> planned,
                                                  bool colour_is_named, std::function<double()> peak_of_cpu) {
  benchmark::BenchmarkReporter* const printer = benchmark::CreateDefaultDisplayReporter();
  const auto* const console = dynamic_cast<benchmark::ConsoleReporter*>(printer);
  if (console == nullptr) return std::make_unique<ForwardingReporter>(std::move(run), planned, *printer);
  const char* const no_colour = std::getenv("NO_COLOR");
  const bool coloured =
      ConsoleOptions::coloured(*console) && (colour_is_named || no_colour == nullptr || *no_colour == '\0');
  return std::make_unique<TableReporter>(std::move(run), std::move(planned), coloured,
                                         std::move(peak_of_cpu));
}

}  // namespace shoal::bench
