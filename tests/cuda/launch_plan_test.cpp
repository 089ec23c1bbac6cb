// SPDX-License-Identifier: Apache-2.0
// For any model the planned launch runs on every architecture. The oracle is the toolkit's occupancy
// calculator, with the largest number of registers per thread. A model that is too big for shared memory is
// planned without it.
#include <gtest/gtest.h>

#include <cmath>

#include "planned_launch.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

constexpr std::size_t most_parameters = 500'000;

/// Small numbers as likely as large ones.
int log_uniform(std::mt19937_64& random, int low, int high) {
  return static_cast<int>(std::exp(uniform(random, std::log(low), std::log(high + 1.0))));
}

/// A task with one weight up to millions.
PlannedTask random_task(std::mt19937_64& random) {
  for (;;) {
    PlannedTask task;
    task.loss.kind = LossKinds::all[random() % LossKinds::size];
    if (task.loss.kind == LossKind::pinball)
      task.loss.quantiles.assign(static_cast<std::size_t>(log_uniform(random, 1, 99)), 0.5);
    const int targets = log_uniform(random, 1, 8);
    task.columns.inputs = task.model.inputs = log_uniform(random, 1, 2000);
    task.columns.targets = task.loss.kind == LossKind::softmax ? 0 : targets;
    task.model.hidden.clear();
    for (int depth = uniform_int(random, 0, 5); depth > 0; --depth)
      task.model.hidden.push_back(log_uniform(random, 1, 2048));
    task.model.outputs =
        task.loss.kind == LossKind::softmax ? log_uniform(random, 2, 300) : task.loss.outputs_for(targets);
    task.model.activation = Activations::all[random() % Activations::size];
    task.model.skip = random() % 3 == 0;
    task.columns.offsets = random() % 4 == 0 ? task.model.outputs : 0;
    AlgorithmOptions options{.steps = log_uniform(random, 1, 30) - 1};
    std::string name = algorithm_names()[random() % algorithm_names().size()];
    if (name == "maml-layer") options.learned_rate = LearnedRate::layer;
    if (name == "maml-layer-step") options.learned_rate = LearnedRate::layer_step;
    if (name.starts_with("maml-")) name = "maml";
    task.algorithm = make_algorithm(name, options);
    task.rows = log_uniform(random, 1, 10000);
    if (ParameterLayout(task.model).size() <= most_parameters) return task;
  }
}

std::string describe(const PlannedTask& task, std::string_view kernel) {
  std::string text = std::string(kernel) + ", " + std::string(name_of(task.algorithm)) + ", " +
                     std::string(to_string(task.loss.kind)) + ", rows " + std::to_string(task.rows) +
                     ", inputs " + std::to_string(task.model.inputs) + ", hidden";
  for (const int width : task.model.hidden) text += " " + std::to_string(width);
  return text + ", outputs " + std::to_string(task.model.outputs);
}

void expect_runs(const Gpu& gpu, const PlannedLaunch& plan, std::int64_t limit, const std::string& what) {
  ASSERT_GE(plan.threads, 1) << what;
  ASSERT_LE(plan.threads, 1024) << what;
  ASSERT_EQ(plan.threads % 32, 0) << what;
  ASSERT_GE(plan.shared_bytes, 0) << what;
  ASSERT_LE(plan.shared_bytes, limit) << what;
  const cudaOccResult result =
      occupancy(gpu, plan.threads, static_cast<std::size_t>(plan.shared_bytes), most_registers);
  ASSERT_GE(result.activeBlocksPerMultiprocessor, 1) << what << ": " << plan.regime;
}

TEST(LaunchPlan, RunsOnEveryArchitectureForAnyModel) {
  std::mt19937_64 random(1);
  std::array<int, 2> seen{};  // plans without and with shared memory
  for (int round = 0; round < 2000; ++round) {
    const PlannedTask task = random_task(random);
    for (std::size_t kernel = 0; kernel < kernel_names.size(); ++kernel)
      for (const Gpu& gpu : the_gpus) {
        const auto limit = static_cast<std::int64_t>(gpu.shared_per_block);
        const auto which = static_cast<kernels::TaskKernel>(kernel);
        const PlannedLaunch plan = plan_launch(task, which, gpu, limit);
        const std::string what = std::string(gpu.name) + ", " + describe(task, kernel_names[kernel]);
        expect_runs(gpu, plan, limit, what);
        if (HasFatalFailure()) return;
        ++seen[plan.shared_bytes > 0];
      }
  }
  EXPECT_GT(seen[0], 1000);
  EXPECT_GT(seen[1], 1000);
}

TEST(LaunchPlan, OneByteTooManyChangesThePlan) {
  std::mt19937_64 random(2);
  const Gpu& gpu = the_gpus[1];
  for (int round = 0; round < 300; ++round) {
    const PlannedTask task = random_task(random);
    auto limit = static_cast<std::int64_t>(gpu.shared_per_block);
    PlannedLaunch plan = plan_launch(task, kernels::TaskKernel::meta_gradient, gpu, limit);
    int changes = 0;
    while (plan.shared_bytes > 0) {
      ASSERT_LT(++changes, 1000);
      limit = plan.shared_bytes - 1;
      plan = plan_launch(task, kernels::TaskKernel::meta_gradient, gpu, limit);
      expect_runs(gpu, plan, limit, describe(task, "meta_gradient"));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(LaunchPlan, WiderModelsLeaveSharedMemoryForGood) {
  for (const Gpu& gpu : the_gpus) {
    bool beyond = false;
    std::string last;
    for (int width = 1; width <= 1024; width += 1 + width / 8) {
      const PlannedTask task{.model = {.inputs = 16, .hidden = {width, width}, .outputs = 1},
                             .loss = {},
                             .algorithm = Maml{InnerLoop{.steps = 3}},
                             .columns = {16, 1, 0},
                             .rows = 32};
      const PlannedLaunch plan = plan_launch(task, kernels::TaskKernel::meta_gradient, gpu,
                                             static_cast<std::int64_t>(gpu.shared_per_block));
      if (beyond) {
        EXPECT_EQ(plan.shared_bytes, 0) << gpu.name << ", width " << width << " after " << last;
      }
      beyond = beyond || plan.shared_bytes == 0;
      last = plan.regime;
    }
    EXPECT_TRUE(beyond) << gpu.name << ": no width was too large";
  }
}

TEST(LaunchPlan, TheCalculatorRefusesWhatCannotRun) {
  for (const Gpu& gpu : the_gpus) {
    EXPECT_EQ(occupancy(gpu, 32, gpu.shared_per_block + 1, 32).activeBlocksPerMultiprocessor, 0) << gpu.name;
    EXPECT_EQ(occupancy(gpu, 1024, 0, most_registers).activeBlocksPerMultiprocessor, 0) << gpu.name;
    EXPECT_EQ(occupancy(gpu, 32, gpu.shared_per_block, 32).activeBlocksPerMultiprocessor, 1) << gpu.name;
  }
}

}  // namespace
}  // namespace shoal::testing
