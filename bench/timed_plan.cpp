// SPDX-License-Identifier: Apache-2.0
#include "timed_plan.hpp"

#include <algorithm>
#include <utility>

#include <shoal/program_environment.hpp>

#include "seconds.hpp"

namespace shoal::bench {
namespace {

constexpr std::int64_t fewest_tasks = 64, most_tasks = 65536;

ContextOptions with_plan(const std::string& plan) {
  ContextOptions options = with_environment({.backend = BackendKind::cuda, .time_device = true});
  options.cuda_plan = plan;
  return options;
}

}  // namespace

MetaLearner::Options options_of_timed(const Shape& shape) {
  return {.model = shape.model(),
          .loss = {.kind = shape.loss},
          .algorithm = Maml{InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
          .optimizer = {},
          .init = {},
          .seed = 7};
}

TimedPlan::TimedPlan(const Shape& shape, const std::string& plan)
    : context_(with_plan(plan)), learner_(context_, options_of_timed(shape)) {}

TimedPlan::Call TimedPlan::call(const TaskBatch& tasks) {
  Call call;
  const double begin = seconds(CLOCK_MONOTONIC), device_begin = *context_.device_seconds();
  call.result = learner_.meta_gradient(tasks);
  call.seconds = seconds(CLOCK_MONOTONIC) - begin;
  call.device_seconds = *context_.device_seconds() - device_begin;
  return call;
}

std::int64_t tasks_that_fill(const Shape& shape, double flops) {
  return std::clamp(static_cast<std::int64_t>(flops / shape.flops_per_task()), fewest_tasks, most_tasks);
}

std::vector<TaskBatch> make_batches(const Shape& shape, std::int64_t tasks, int count) {
  std::vector<TaskBatch> batches;
  batches.reserve(static_cast<std::size_t>(count));
  for (int batch = 0; batch < count; ++batch)
    batches.push_back(make_tasks(shape, tasks, static_cast<std::uint64_t>(batch)));
  return batches;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace shoal::bench
