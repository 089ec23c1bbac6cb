// SPDX-License-Identifier: Apache-2.0
// shoal-bench: exact second-order meta-gradients a second, every backend on the same tasks in one run.
//
// A timed call is MetaLearner::meta_gradient as a user makes it, with all copies; wall time. Calls take turns
// through several batches, so that no run lives in a cache that real work would miss. Backends that cannot
// run here are named with the reason. Options are Google Benchmark's; --benchmark_filter=cpu/sine picks rows
// named backend/shape/tasks.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <shoal/shoal.hpp>

#include "shapes.hpp"

namespace shoal::bench {
namespace {

constexpr std::int64_t batches[] = {25, 256, 1024, 8192, 65536};
constexpr double most_input_bytes = 1e9;  // of all turns together
constexpr double most_work = 4e12;  // operations of one call: larger ones say nothing new and take minutes
constexpr std::int64_t most_reference_tasks = 256;

template <class Real>
void time_meta_gradient(benchmark::State& state, const Context& context, const Shape& shape,
                        std::int64_t tasks) {
  const Loss loss{.kind = shape.loss};
  BasicMetaLearner<Real> learner(context,
                                 {.model = shape.model(),
                                  .loss = loss,
                                  .algorithm = Maml{InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
                                  .optimizer = {},
                                  .init = {},
                                  .seed = 7});
  const double bytes =
      static_cast<double>(tasks) * 2.0 * shape.rows * (shape.inputs + shape.outputs) * sizeof(Real);
  const auto turns = static_cast<std::uint64_t>(std::clamp(64e6 / bytes, 1.0, 64.0));
  std::vector<BasicTaskBatch<Real>> inputs;
  for (std::uint64_t turn = 0; turn < std::max<std::uint64_t>(turns, 2); ++turn) {
    if constexpr (std::is_same_v<Real, double>)
      inputs.push_back(widen(make_tasks(shape, tasks, turn)));
    else
      inputs.push_back(make_tasks(shape, tasks, turn));
  }
  std::size_t turn = 0;
  benchmark::DoNotOptimize(learner.meta_gradient(inputs[0]));  // first touch of all memory
  for (auto _ : state) {
    const auto gradient = learner.meta_gradient(inputs[++turn % inputs.size()]);
    if (gradient.good != tasks) state.SkipWithError("a task failed");
    benchmark::DoNotOptimize(gradient.theta.data());
  }
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(tasks);
  state.counters["tasks/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["GFLOP/s"] =
      benchmark::Counter(done * shape.flops_per_task() * 1e-9, benchmark::Counter::kIsRate);
}

void register_rows(const std::vector<std::unique_ptr<Context>>& contexts) {
  for (const Shape& shape : shapes())
    for (const std::int64_t tasks : batches) {
      const double bytes =
          static_cast<double>(tasks) * 2.0 * shape.rows * (shape.inputs + shape.outputs) * 4.0;
      if (bytes > most_input_bytes || static_cast<double>(tasks) * shape.flops_per_task() > most_work)
        continue;
      for (const auto& context : contexts) {
        const bool reference = context->backend_name() == "reference";
        if (reference && (tasks > most_reference_tasks || shape.flops_per_task() > 1e9)) continue;
        const std::string name = std::string(context->backend_name()) + "/" + std::string(shape.name) + "/" +
                                 std::to_string(tasks);
        const auto run = [&shape, tasks, reference, &context = *context](benchmark::State& state) {
          if (reference)
            time_meta_gradient<double>(state, context, shape, tasks);
          else
            time_meta_gradient<float>(state, context, shape, tasks);
        };
        benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMicrosecond);
      }
    }
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  std::vector<std::unique_ptr<shoal::Context>> contexts;
  for (const shoal::BackendReport& backend : shoal::Context::backends()) {
    if (backend.available)
      contexts.push_back(std::make_unique<shoal::Context>(
          shoal::ContextOptions{.backend = shoal::backend_from_string(backend.name)}));
    else
      std::fprintf(stderr, "not run: backend %s: %s\n", backend.name.c_str(), backend.detail.c_str());
  }
  benchmark::AddCustomContext("shoal", SHOAL_VERSION);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  shoal::bench::register_rows(contexts);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
