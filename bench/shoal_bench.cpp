// SPDX-License-Identifier: Apache-2.0
// shoal-bench: times exact second-order MAML on every backend, with the same tasks, in one run.
//
// Rows are named backend/shape/tasks/work. Work is meta_gradient (MetaLearner::meta_gradient as a user calls
// it, including copies), meta_step (with the update) or train (whole meta-iterations on generated tasks; the
// time is that of one iteration). Times are wall times; for cuda, the device's own time in kernels stands
// beside them. Calls take turns through many batches, so that no row stays in a cache that real work would
// miss. Backends that cannot run are listed with the reason, in the report or on standard error, and in the
// context of the JSON.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "chart.hpp"
#include "compare_plans.hpp"
#include "options.hpp"
#include "reporters.hpp"
#include "rows.hpp"
#include "sweep.hpp"

namespace shoal::bench {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

Lane open_lane(const BackendReport& report, const Options& options, Circumstances& run) {
  Lane lane;
  lane.context = std::make_unique<Context>(with_environment({.backend = backend_from_string(report.name),
                                                             .threads = options.threads,
                                                             .isa = options.isa,
                                                             .time_device = true}));
  Peak peak{.backend = report.name, .detail = report.detail};
  if (report.name == "cpu") {
    lane.peak_gflops = fma_peak(lane.context->isa(), lane.context->threads());
    peak.detail = "measured: independent fused multiply-adds, " +
                  std::string(to_string(lane.context->isa())) + ", " +
                  std::to_string(lane.context->threads()) + " threads";
    benchmark::AddCustomContext("peak_of_cpu", number(lane.peak_gflops) + " Gflop/s, " + peak.detail);
  } else if (report.peak_gflops > 0.0) {
    lane.peak_gflops = report.peak_gflops;
    peak.detail = "not measured: " + report.peak_detail;
    benchmark::AddCustomContext("peak_of_" + report.name,
                                number(report.peak_gflops) + " Gflop/s fp32, " + peak.detail);
  }
  peak.gflops = lane.peak_gflops;
  run.peaks.push_back(std::move(peak));
  benchmark::AddCustomContext("ran_" + report.name, report.detail);
  return lane;
}

/// Opens the backends that take part. Throws ResourceError when one that the user asked for cannot run.
std::vector<Lane> open_lanes(const Options& options, Circumstances& run) {
  std::vector<Lane> lanes;
  for (const BackendReport& report : Context::backends(with_environment({}))) {
    const auto& wanted = options.backends;
    const BackendKind kind = backend_from_string(report.name);
    const bool asked = std::find(wanted.begin(), wanted.end(), kind) != wanted.end();
    if (!wanted.empty() && !asked) continue;
    if (report.available) {
      lanes.push_back(open_lane(report, options, run));
    } else if (asked) {
      throw ResourceError("backend " + report.name + " is not available: " + report.detail);
    } else {
      run.not_run.push_back({report.name, report.detail});
      benchmark::AddCustomContext("not_run_" + report.name, report.detail);
    }
  }
  return lanes;
}

/// Adds the Google Benchmark options that --quick implies. The user's own options come later, so they win.
std::vector<char*> with_quick_options(const Options& options, int argc, char** argv) {
  static std::string briefly = "--benchmark_min_time=0.05";
  std::vector<char*> arguments(argv, argv + argc);
  if (options.quick) arguments.insert(arguments.begin() + 1, briefly.data());
  arguments.push_back(nullptr);
  return arguments;
}

/// Checks that a file can be written, before minutes of work, and leaves it as it is. Throws ResourceError.
void require_writable(const std::string& file) {
  const bool was_there = std::filesystem::exists(file);
  if (!std::ofstream(file, std::ios::app)) throw ResourceError("cannot write the chart " + file);
  if (!was_there) std::filesystem::remove(file);
}

void write_chart(const std::string& file, const CollectingReporter& reporter) {
  std::ofstream out(file);
  if (!(out << chart_of(reporter.results(), reporter.circumstances()) << std::flush))
    throw ResourceError("cannot write the chart " + file);
}

int run(int argc, char** argv) {
  const Options options = take_options(argc, argv);
  if (options.help) std::fputs(options_help(), stdout);
  if (!options.sweep.empty() && !options.help) return sweep_plans(options.sweep, options.tasks);
  if (!options.compared.empty() && !options.help)
    return compare_plans(options.compared, options.plans, options.tasks);
  std::vector<char*> arguments = with_quick_options(options, argc, argv);
  argc = static_cast<int>(arguments.size()) - 1;
  benchmark::Initialize(&argc, arguments.data());  // with --help, it prints its own help and exits
  if (benchmark::ReportUnrecognizedArguments(argc, arguments.data())) return 2;
  Circumstances circumstances;
  circumstances.version = SHOAL_VERSION;
  circumstances.machine = machine_name();
  benchmark::AddCustomContext("shoal", circumstances.version);
  benchmark::AddCustomContext("machine", circumstances.machine);
  const std::vector<Lane> lanes = open_lanes(options, circumstances);
  std::unique_ptr<CollectingReporter> reporter;
  const RegisteredRows rows =
      register_rows(lanes, options.quick, [&](const RowName& name) { reporter->row_starts(name); });
  const std::string filter = benchmark::GetBenchmarkFilter();
  circumstances.too_large = rows_that_match(rows.too_large, filter);
  circumstances.left_by_quick = static_cast<int>(rows_that_match(rows.left_by_quick, filter).size());
  std::string left_out;
  for (const RowName& name : rows.too_large) left_out += (left_out.empty() ? "" : " ") + name.text();
  benchmark::AddCustomContext("too_large_here", left_out);
  if (!options.chart.empty()) require_writable(options.chart);
  const auto peak_of_cpu = [&]() -> double {
    for (const Lane& lane : lanes)
      if (lane.context->backend_name() == "cpu")
        return fma_peak(lane.context->isa(), lane.context->threads());
    return 0.0;
  };
  reporter = make_reporter(std::move(circumstances), rows_that_match(rows.registered, filter),
                           options.colour_is_named, peak_of_cpu);
  if (benchmark::RunSpecifiedBenchmarks(reporter.get()) == 0) {
    const std::string missing = not_run(reporter->circumstances(), columns_of(stderr));
    std::fprintf(stderr, "shoal-bench: no row matches the filter\n%s", missing.c_str());
    return 2;
  }
  if (!options.chart.empty() && !reporter->results().all().empty()) write_chart(options.chart, *reporter);
  return failure_of_rows();
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  try {
    return shoal::bench::run(argc, argv);
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "shoal-bench: error: %s\n", error.what());
    return error.exit_code();
  }
}
