// SPDX-License-Identifier: Apache-2.0
#include "sweep.hpp"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "timed_plan.hpp"

namespace shoal::bench {
namespace {

constexpr double work_of_a_call = 1e12;  // in operations: some 50 ms of a large device
constexpr int calls = 5, batches = 3;

/// The median seconds by the device's own clock, and the gradient of the first batch.
struct Timing {
  double seconds = 0.0;
  std::vector<float> gradient;
};

Timing time_plan(const Shape& shape, const std::vector<TaskBatch>& inputs, const std::string& plan) {
  TimedPlan timed(shape, plan);
  Timing timing;
  timing.gradient = timed.call(inputs[0]).result.theta;  // also warms up memory and clocks
  std::vector<double> seconds;
  for (int call = 0; call < calls; ++call)
    seconds.push_back(timed.call(inputs[static_cast<std::size_t>(call + 1) % inputs.size()]).device_seconds);
  timing.seconds = median_of(std::move(seconds));
  return timing;
}

}  // namespace

int sweep_plans(std::string_view name, std::int64_t tasks) {
  const Shape& shape = shape_named(name);
  const double flops = shape.flops_per_task();
  if (tasks == 0) tasks = tasks_that_fill(shape, work_of_a_call);
  const std::vector<TaskBatch> inputs = make_batches(shape, tasks, batches);
  const Context context(with_environment({.backend = BackendKind::cuda}));
  const std::vector<CudaPlan> plans = MetaLearner(context, options_of_timed(shape)).cuda_plans(inputs[0], 0);
  std::optional<std::vector<float>> want;
  double best = 0.0;
  std::string best_wish;
  bool same = true;
  for (const CudaPlan& plan : plans) {
    const Timing timing = time_plan(shape, inputs, plan.override_text());
    const double rate = static_cast<double>(tasks) / timing.seconds;
    const bool agrees = !want || *want == timing.gradient;
    if (!want) want = timing.gradient;
    same = same && agrees;
    if (rate > best) {
      best = rate;
      best_wish = plan.override_text();
    }
    std::printf(
        "{\"shape\": \"%.*s\", \"tasks\": %lld, \"plan\": \"%s\", \"text\": \"%s\", \"model_cycles\": %.0f, "
        "\"device_us\": %.1f, \"tasks/s\": %.6g, \"GFLOP/s\": %.6g, \"same_bits\": %s}\n",
        static_cast<int>(name.size()), name.data(), static_cast<long long>(tasks),
        plan.override_text().c_str(), plan.text.c_str(), plan.cycles, 1e6 * timing.seconds, rate,
        1e-9 * rate * flops, agrees ? "true" : "false");
    std::fflush(stdout);
  }
  std::printf("{\"shape\": \"%.*s\", \"chosen\": \"%s\", \"fastest\": \"%s\"}\n",
              static_cast<int>(name.size()), name.data(), plans.front().override_text().c_str(),
              best_wish.c_str());
  return same ? 0 : 5;
}

}  // namespace shoal::bench
