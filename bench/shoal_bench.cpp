// SPDX-License-Identifier: Apache-2.0
// shoal-bench: exact second-order MAML, every backend on the same tasks in one run.
//
// Rows are backend/shape/tasks/work. Work is meta_gradient (MetaLearner::meta_gradient as a user calls it,
// copies and all), meta_step (the same and the update) or train (whole meta-iterations on generated tasks,
// the time of one). Time is wall time; of cuda the device's own time in kernels stands beside it. Calls take
// turns through many batches, so that no row lives in a cache that real work would miss. Backends that cannot
// run here are named with the reason, on standard error and in the context of the JSON.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>

#include <shoal/shoal.hpp>

#include "options.hpp"
#include "rows.hpp"
#include "sweep.hpp"

namespace shoal::bench {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

Lane open_lane(const BackendReport& report, const Options& options) {
  Lane lane;
  lane.context = std::make_unique<Context>(ContextOptions{.backend = backend_from_string(report.name),
                                                          .threads = options.threads,
                                                          .isa = options.isa,
                                                          .time_device = true});
  if (report.name == "cpu") {
    lane.peak_gflops = fma_peak(lane.context->isa(), lane.context->threads());
    benchmark::AddCustomContext("peak_of_cpu", number(lane.peak_gflops) +
                                                   " Gflop/s, measured: independent fused multiply-adds, " +
                                                   std::string(to_string(lane.context->isa())) + ", " +
                                                   std::to_string(lane.context->threads()) + " threads");
  } else if (report.peak_gflops > 0.0) {
    lane.peak_gflops = report.peak_gflops;
    benchmark::AddCustomContext(
        "peak_of_" + report.name,
        number(report.peak_gflops) + " Gflop/s fp32, not measured: " + report.peak_detail);
  }
  benchmark::AddCustomContext("ran_" + report.name, report.detail);
  return lane;
}

/// The backends that take part. Throws ResourceError when one that was asked for cannot.
std::vector<Lane> open_lanes(const Options& options) {
  std::vector<Lane> lanes;
  for (const BackendReport& report : Context::backends()) {
    const auto& wanted = options.backends;
    const BackendKind kind = backend_from_string(report.name);
    const bool asked = std::find(wanted.begin(), wanted.end(), kind) != wanted.end();
    if (!wanted.empty() && !asked) continue;
    if (report.available) {
      lanes.push_back(open_lane(report, options));
    } else if (asked) {
      throw ResourceError("backend " + report.name + " is not available: " + report.detail);
    } else {
      std::fprintf(stderr, "not run: backend %s: %s\n", report.name.c_str(), report.detail.c_str());
      benchmark::AddCustomContext("not_run_" + report.name, report.detail);
    }
  }
  return lanes;
}

int run(int argc, char** argv) {
  const Options options = take_options(argc, argv);
  if (options.help) std::fputs(options_help(), stdout);
  if (!options.sweep.empty() && !options.help) return sweep_plans(options.sweep, options.tasks);
  benchmark::Initialize(&argc, argv);  // with --help it prints its own and exits
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("shoal", SHOAL_VERSION);
  benchmark::AddCustomContext("machine", machine_name());
  const std::vector<Lane> lanes = open_lanes(options);
  std::string left_out;
  for (const std::string& name : register_rows(lanes)) left_out += (left_out.empty() ? "" : " ") + name;
  benchmark::AddCustomContext("too_large_here", left_out);
  if (benchmark::RunSpecifiedBenchmarks() == 0) {
    std::fprintf(stderr, "shoal-bench: no row matches the filter (too large here: %s)\n", left_out.c_str());
    return 2;
  }
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
