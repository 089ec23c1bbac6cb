// SPDX-License-Identifier: Apache-2.0
#include "sweep.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "shapes.hpp"

namespace shoal::bench {
namespace {

constexpr double work_of_a_call = 1e12;  // in operations: some 50 ms of a large device
constexpr std::int64_t fewest_tasks = 64, most_tasks = 65536;
constexpr int calls = 5, batches = 3;

MetaLearner::Options options_of(const Shape& shape) {
  return {.model = shape.model(),
          .loss = {.kind = shape.loss},
          .algorithm = Maml{InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
          .optimizer = {},
          .init = {},
          .seed = 7};
}

/// The median seconds by the device's own clock, and the gradient of the first batch.
struct Timing {
  double seconds = 0.0;
  std::vector<float> gradient;
};

Timing time_plan(const Shape& shape, const std::vector<TaskBatch>& inputs, const std::string& plan) {
  ContextOptions options = with_environment({.backend = BackendKind::cuda, .time_device = true});
  options.cuda_plan = plan;
  const Context context(options);
  const MetaLearner learner(context, options_of(shape));
  Timing timing;
  timing.gradient = learner.meta_gradient(inputs[0]).theta;  // also warms up memory and clocks
  std::vector<double> seconds;
  for (int call = 0; call < calls; ++call) {
    const double before = *context.device_seconds();
    learner.meta_gradient(inputs[static_cast<std::size_t>(call + 1) % inputs.size()]);
    seconds.push_back(*context.device_seconds() - before);
  }
  std::nth_element(seconds.begin(), seconds.begin() + calls / 2, seconds.end());
  timing.seconds = seconds[calls / 2];
  return timing;
}

}  // namespace

int sweep_plans(std::string_view name, std::int64_t tasks) {
  const Shape& shape = shape_named(name);
  const double flops = shape.flops_per_task();
  if (tasks == 0)
    tasks = std::clamp(static_cast<std::int64_t>(work_of_a_call / flops), fewest_tasks, most_tasks);
  std::vector<TaskBatch> inputs;
  for (int batch = 0; batch < batches; ++batch)
    inputs.push_back(make_tasks(shape, tasks, static_cast<std::uint64_t>(batch)));
  const Context context(with_environment({.backend = BackendKind::cuda}));
  const std::vector<CudaPlan> plans = MetaLearner(context, options_of(shape)).cuda_plans(inputs[0], 0);
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
