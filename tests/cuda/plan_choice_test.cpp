// SPDX-License-Identifier: Apache-2.0
// Plans as users see them and override them: names that can be given back, the backend's order, and models
// that fall to the next regime.
#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

#include "core/lowered_problem.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/layered/workspace.hpp"
#include "cuda/plan/plan_choice.hpp"

namespace shoal::testing {
namespace {

CudaOptions wished(const char* text) {
  return cuda_options({.cuda_plan = text});
}

TEST(PlanChoice, WishesAreTaken) {
  EXPECT_EQ(wished("").threads, 0);
  const CudaOptions options = wished("64x16");
  EXPECT_EQ(options.threads, 64);
  EXPECT_EQ(options.rows, 16);
  EXPECT_FALSE(options.layer_by_layer);
  EXPECT_TRUE(wished("layers").layer_by_layer);
  EXPECT_EQ(wished("").fixed, FixedKernels::where_possible);
  EXPECT_EQ(wished("generic").fixed, FixedKernels::none);
  EXPECT_EQ(wished("fixed").fixed, FixedKernels::always);
  EXPECT_EQ(wished("fixed-128").fixed_lanes, 128);
}

TEST(PlanChoice, OthersAreRefusedByName) {
  for (const char* text : {"64", "x16", "64x", "64x16x", "0x4", "64x-1", "a64x16", "Layers", "99999999999x1",
                           "fixed-", "fixed-33", "fixed-32x", "Fixed"})
    try {
      wished(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find("cuda_plan takes"), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
}

std::vector<CudaPlan> plans_of(const ModelSpec& model, int rows, int capability) {
  const ParameterLayout layout(model);
  const LoweredAlgorithm lowered = lower(Maml{{.steps = 2}}, layout);
  const RateLayout rates(layout, lowered.training.learned_rate, 1);
  const Loss loss;
  const auto set = [&] {
    TaskSetStorage<float> storage;
    storage.x.assign(static_cast<std::size_t>(rows * model.inputs), 0.0f);
    storage.y.assign(static_cast<std::size_t>(rows * model.outputs), 0.0f);
    storage.row_starts = {0, rows};
    return storage;
  };
  const TaskBatch tasks = TaskBatch::own({model.inputs, model.outputs, 0}, set(), set(), {1});
  return cuda_plans({model, layout, rates, loss, lowered.training}, tasks, capability);
}

TEST(PlanChoice, TheChosenPlanComesFirstAndEachCanBeWishedFor) {
  for (const int capability : {80, 86, 90, 100, 120, 200}) {
    const auto small = plans_of({.inputs = 1, .hidden = {40, 40}, .outputs = 1}, 10, capability);
    ASSERT_GT(small.size(), 4u);
    EXPECT_TRUE(small[0].made_for_shape) << small[0].text;
    EXPECT_NE(small[0].text.find(" per task, "), std::string::npos) << small[0].text;
    EXPECT_EQ(small.back().override_text(), "layers");
    for (std::size_t i = 1; i + 2 < small.size(); ++i) EXPECT_LE(small[i].cycles, small[i + 1].cycles);
    for (const CudaPlan& plan : small) {
      const CudaOptions options = wished(plan.override_text().c_str());
      EXPECT_EQ(options.fixed == FixedKernels::always, plan.made_for_shape);
      EXPECT_EQ(plan.made_for_shape ? options.fixed_lanes : options.threads, plan.threads);
      EXPECT_EQ(options.rows, plan.made_for_shape ? 0 : plan.rows);
    }
    // Many parameters leave room for few rows: their activations are streamed where shared memory holds the
    // parameters; else layer by layer, although a block could hold the model.
    const auto large = plans_of({.inputs = 64, .hidden = {128, 128}, .outputs = 1}, 128, capability);
    const bool holds_parameters = capability == 90 || capability == 100;
    EXPECT_EQ(large[0].override_text(), holds_parameters ? "fixed-256" : "layers") << capability;
    const auto wide = plans_of({.inputs = 64, .hidden = {512, 512}, .outputs = 1}, 128, capability);
    EXPECT_EQ(wide.size(), 1u) << capability;
    EXPECT_NE(wide[0].text.find("no kernel is made for this shape"), std::string::npos) << wide[0].text;
  }
}

TEST(PlanChoice, CapabilityZeroIsTheContextsDevice) {
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 3);
  const MetaLearner::Options options{.model = {.hidden = {40, 40}}};
  const Context cuda({.backend = BackendKind::cuda}), cpu({.backend = BackendKind::cpu, .threads = 1});
  const auto own = MetaLearner(cuda, options).cuda_plans(tasks, 0);
  const auto named = MetaLearner(cpu, options).cuda_plans(tasks, 90);
  ASSERT_EQ(own.size(), named.size());
  for (std::size_t i = 0; i < own.size(); ++i) EXPECT_EQ(own[i].text, named[i].text);
  EXPECT_THROW(MetaLearner(cpu, options).cuda_plans(tasks, 0), InvalidArgument);
}

// One large task among many small ones: in a launch each task has as many blocks as the largest one of its
// chunk.
TEST(PlanChoice, NoChunkOfTasksHasMoreBlocksThanAGrid) {
  const ModelSpec model{.inputs = 32, .hidden = {1500}};
  const ParameterLayout layout(model);
  const LoweredAlgorithm lowered = lower(Fomaml{{.steps = 1}}, layout);
  const RateLayout rates(layout, lowered.training.learned_rate, 1);
  const LoweredProblem problem({model, layout, rates, {}, lowered.training}, {32, 1, 0});
  const cuda::DeviceLayout device(problem.network());
  std::vector<std::int64_t> offsets = {0};
  for (int t = 0; t < 24'001; ++t) offsets.push_back(offsets.back() + (t == 12'000 ? 1'000'000 : 1));
  cuda::LayeredCall call;
  call.network = device.network();
  call.inner = problem.inner();
  call.tasks = 24'001;
  call.support.row_starts = call.query.row_starts = offsets;
  const cuda::LayeredWorkspace work(call, std::int64_t{1} << 45);
  ASSERT_GT(work.chunks().size(), 1u);
  int next = 0;
  for (const cuda::LayeredSpan chunk : work.chunks()) {
    EXPECT_EQ(chunk.begin, next);
    EXPECT_GT(chunk.end, chunk.begin);
    next = chunk.end;
    std::int64_t most = 0;
    for (int t = chunk.begin; t < chunk.end; ++t)
      most = std::max(most, offsets[static_cast<std::size_t>(t) + 1] - offsets[static_cast<std::size_t>(t)]);
    const std::int64_t blocks = ((most + 63) / 64) * ((1500 + 63) / 64) * (chunk.end - chunk.begin);
    EXPECT_LT(blocks, std::int64_t{1} << 31);
  }
  EXPECT_EQ(next, 24'001);
}

}  // namespace
}  // namespace shoal::testing
