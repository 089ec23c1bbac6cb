// SPDX-License-Identifier: Apache-2.0
// Every regime in corner cases: sizes around one, a warp and a tile; one and ten thousand rows; tasks without
// support rows; tasks that fail in every way; chunks of one task. The cpu backend is the oracle, bit for bit.
// Covers layered/*, task_*, team/launcher, update_workspace.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <set>

#include <shoal/error.hpp>

#include "core/lowered_problem.hpp"
#include "cuda/plan/plan_choice.hpp"
#include "cuda/runtime/device.hpp"
#include "cuda_under_test.hpp"
#include "support/bits.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();

CaseLimits exactly(int tasks, int rows, int inputs, int width, int depth, int steps) {
  return {.most_tasks = tasks,
          .most_rows = rows,
          .most_inputs = inputs,
          .most_width = width,
          .most_depth = depth,
          .most_steps = steps,
          .least_tasks = tasks,
          .least_rows = rows,
          .least_inputs = inputs,
          .least_width = width,
          .least_depth = depth,
          .least_steps = steps,
          .empty_support = false};
}
/// Sizes from one up to the given numbers; support sets may be empty.
CaseLimits up_to(int tasks, int rows, int inputs, int width, int depth, int steps) {
  CaseLimits limits = exactly(tasks, rows, inputs, width, depth, steps);
  limits.least_rows = limits.least_inputs = limits.least_width = 1;
  limits.empty_support = true;
  return limits;
}

TaskSetStorage<float> copy_of(const TaskSet<float>& set) {
  return {{set.x.begin(), set.x.end()},
          {set.y.begin(), set.y.end()},
          {set.output_offset.begin(), set.output_offset.end()},
          {set.labels.begin(), set.labels.end()},
          {set.row_starts.begin(), set.row_starts.end()}};
}

/// x of the first support or query row of task `task` times `factor`.
void scale_row(RandomCase& c, bool query, int task, float factor) {
  TaskSetStorage<float> sides[] = {copy_of(c.tasks.support()), copy_of(c.tasks.query())};
  TaskSetStorage<float>& side = sides[query ? 1 : 0];
  const auto row = static_cast<std::size_t>(side.row_starts[static_cast<std::size_t>(task)]);
  for (int i = 0; i < c.model.inputs; ++i)
    side.x[row * static_cast<std::size_t>(c.model.inputs) + static_cast<std::size_t>(i)] *= factor;
  c.tasks = TaskBatch::own(c.tasks.columns(), std::move(sides[0]), std::move(sides[1]),
                           {c.tasks.ids().begin(), c.tasks.ids().end()});
}

void set_inner(RandomCase& c, const std::function<void(InnerLoop&)>& change) {
  std::visit([&](auto& algorithm) { change(algorithm.inner); }, c.algorithm);
}

struct Corner {
  const char* name;
  const char* algorithm;
  LossKind loss;
  Activation activation;
  CaseLimits limits;
  std::function<void(RandomCase&)> twist = {};
  std::set<TaskStatus> statuses = {TaskStatus::good};  ///< statuses that must occur
  std::int64_t memory = 0;
  bool meta_gradient_alone = false;  ///< for large cases
};

const std::vector<Corner>& corners() {
  using enum Activation;
  using K = LossKind;
  static const std::vector<Corner> all = {
      {"OneOfEverything", "maml", K::mse, tanh, exactly(1, 1, 1, 1, 1, 1)},
      {"OneRow", "meta-sgd", K::mse, gelu, exactly(3, 1, 4, 8, 2, 2)},
      {"Width31", "maml", K::mse, silu, exactly(2, 5, 31, 31, 2, 1)},
      {"Width32", "maml-layer", K::huber, tanh, exactly(2, 5, 32, 32, 2, 2)},
      {"Width33", "boil", K::bce, sigmoid, exactly(2, 5, 33, 33, 2, 1)},
      {"Width64", "maml", K::pinball, softplus, exactly(2, 17, 64, 64, 1, 1)},
      {"Width65", "maml-layer-step", K::mse, relu, exactly(2, 33, 5, 65, 2, 1)},
      {"Width128", "anil", K::softmax, tanh, exactly(1, 16, 3, 128, 2, 1)},
      {"Width129", "fomaml", K::gaussian_nll, tanh, exactly(1, 17, 3, 129, 2, 1)},
      {"Width513", "maml", K::mse, tanh, exactly(1, 8, 3, 513, 1, 1)},
      {"Width513Reptile", "reptile", K::mse, relu, exactly(1, 8, 2, 513, 1, 2)},
      {"Rows16", "maml", K::mse, tanh, exactly(2, 16, 3, 7, 2, 2)},
      {"Rows32", "maml", K::qlike, tanh, exactly(2, 32, 3, 7, 2, 2)},
      {"Rows33", "maml-multi-step", K::mse, tanh, exactly(2, 33, 3, 7, 2, 2)},
      {"Rows64", "meta-sgd", K::bce, silu, exactly(2, 64, 3, 7, 1, 1)},
      {"Rows65", "maml", K::softmax, gelu, exactly(2, 65, 3, 7, 1, 1)},
      {"TenThousandRows",
       "maml",
       K::mse,
       relu,
       exactly(1, 10000, 2, 5, 1, 1),
       {},
       {TaskStatus::good},
       0,
       true},
      {"Linear", "maml", K::mse, identity, up_to(5, 30, 12, 1, 0, 3)},
      {"DeepAndNarrow", "maml", K::mse, tanh, exactly(2, 4, 2, 2, 6, 2)},
      {"NoSteps", "maml", K::mse, tanh, up_to(4, 9, 3, 6, 1, 0)},
      {"NoStepsReptile", "reptile", K::mse, tanh, up_to(4, 9, 3, 6, 1, 0)},
      {"EmptySupport", "maml-multi-step", K::mse, tanh, up_to(24, 6, 3, 6, 1, 2)},
      {"EmptySupportNegativeRates", "meta-sgd", K::mse, tanh, up_to(24, 6, 3, 6, 1, 2),
       [](RandomCase& c) {
         for (float& rate : c.parameters.rates) rate = -rate;
         for (std::size_t p = 0; p < c.parameters.theta.size(); p += 3) c.parameters.theta[p] = -0.0f;
       }},
      {"NanInSupport",
       "maml",
       K::mse,
       tanh,
       exactly(5, 6, 3, 6, 1, 2),
       [](RandomCase& c) { scale_row(c, false, 2, nan); },
       {TaskStatus::good, TaskStatus::non_finite_input}},
      {"InfinityInQuery",
       "reptile",
       K::mse,
       relu,
       exactly(5, 6, 3, 6, 1, 2),
       [](RandomCase& c) { scale_row(c, true, 0, inf); },
       {TaskStatus::good, TaskStatus::non_finite_input}},
      {"Diverges",
       "meta-sgd",
       K::mse,
       relu,
       exactly(5, 6, 3, 6, 1, 4),
       [](RandomCase& c) {
         scale_row(c, false, 1, 1e8f);
         scale_row(c, false, 4, 1e15f);
       },
       {TaskStatus::good, TaskStatus::non_finite_inner}},
      {"DivergesReptile",
       "reptile",
       K::mse,
       softplus,
       exactly(5, 6, 3, 6, 1, 4),
       [](RandomCase& c) { scale_row(c, false, 3, 1e12f); },
       {TaskStatus::good, TaskStatus::non_finite_inner}},
      {"HugeQuery",
       "maml-layer",
       K::mse,
       relu,
       exactly(5, 6, 3, 6, 1, 2),
       [](RandomCase& c) { scale_row(c, true, 3, 1e16f); },
       {TaskStatus::good, TaskStatus::non_finite_outer}},
      {"MovesTooFar",
       "maml",
       K::mse,
       tanh,
       exactly(12, 6, 3, 6, 1, 4),
       [](RandomCase& c) {
         set_inner(c, [](InnerLoop& inner) { inner.max_move = 0.3, inner.learning_rate = 0.2; });
       },
       {TaskStatus::good, TaskStatus::moved_too_far}},
      {"FarAndBad",
       "anil",
       K::mse,
       identity,
       exactly(12, 6, 3, 6, 1, 4),
       [](RandomCase& c) {
         set_inner(c, [](InnerLoop& inner) { inner.max_move = 0.5, inner.learning_rate = 0.2; });
         scale_row(c, false, 1, 1e20f);
         scale_row(c, false, 5, 30.0f);
         scale_row(c, true, 2, nan);
       },
       {TaskStatus::good, TaskStatus::moved_too_far, TaskStatus::non_finite_inner,
        TaskStatus::non_finite_input}},
      {"NobodyGood",
       "maml",
       K::mse,
       tanh,
       exactly(1, 6, 3, 6, 1, 1),
       [](RandomCase& c) { scale_row(c, true, 0, nan); },
       {TaskStatus::non_finite_input}},
      {"OneTaskAtATime", "meta-sgd", K::mse, tanh, exactly(7, 9, 3, 6, 2, 2), {}, {TaskStatus::good}, 20000},
      {"ParameterOverflows",
       "maml",
       K::mse,
       identity,
       exactly(3, 1, 2, 1, 0, 1),
       [](RandomCase& c) {  // a loss of about 1e36, a step of 1e40
         scale_row(c, false, 1, 1e18f);
         set_inner(c, [](InnerLoop& inner) { inner.learning_rate = 10000.0; });
       },
       {TaskStatus::good, TaskStatus::non_finite_inner}},
      {"TooManyForADigit",
       "maml",
       K::mse,
       identity,
       exactly(4300, 1, 1, 1, 0, 0),
       [](RandomCase& c) {  // d bias of each task is 255.8, nearly a whole digit (core/exact_sum.hpp)
         const std::vector<float> x(4300, 1.0f), y(4300, 0.0f);
         TaskSet<float> query = c.tasks.query();
         query.x = x;
         query.y = y;
         query.output_offset = {};
         TaskSet<float> support = c.tasks.support();
         support.y = y;
         support.output_offset = {};
         c.model = {.inputs = 1, .hidden = {}, .outputs = 1};
         c.tasks = TaskBatch::own({1, 1, 0}, copy_of(support), copy_of(query),
                                  {c.tasks.ids().begin(), c.tasks.ids().end()});
         c.parameters.theta = {0.0f, 127.9f};
       },
       {TaskStatus::good},
       0,
       true},
  };
  return all;
}

/// A regime, by the number of threads of a task; 0: layer by layer.
struct CornerRegime {
  const char* name;
  int threads;
};
constexpr CornerRegime regimes[] = {{"Warp", 32}, {"Block", 64}, {"Layers", 0}};

/// The plan that the backend under test chooses for a case.
CudaPlan plan_of(const RandomCase& c) {
  const ParameterLayout layout(c.model);
  const LoweredAlgorithm lowered = lower(c.algorithm, layout);
  const RateLayout rates(layout, lowered.training.learned_rate, std::max(lowered.training.rate_steps, 1));
  const cuda::DeviceInfo device = cuda::device_info(cuda::choose_device({}));
  return cuda_plans({c.model, layout, rates, c.loss, lowered.training}, c.tasks,
                    10 * device.major + device.minor, cuda_under_test)
      .front();
}

class Corners : public ::testing::TestWithParam<std::tuple<int, std::size_t>> {
 protected:
  const CornerRegime& regime() const { return regimes[std::get<0>(GetParam())]; }
  const Corner& corner() const { return corners()[std::get<1>(GetParam())]; }
  void SetUp() override {
    cuda_under_test = {.threads = regime().threads,
                       .layer_by_layer = regime().threads == 0,
                       .layered_memory = corner().memory};
  }
  void TearDown() override {
    cuda_under_test = {};
    set_thread_order(0);
  }
};

TEST_P(Corners, SameBitsAsCpu) {
  const Corner& corner = this->corner();
#if defined(__SANITIZE_THREAD__)
  if (corner.meta_gradient_alone) GTEST_SKIP() << "too slow with this sanitizer";
#endif
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}), cuda({.backend = BackendKind::cuda});
  // Each corner has its own seed, so that it does not depend on the others.
  std::seed_seq seed(corner.name, corner.name + std::strlen(corner.name));
  std::mt19937_64 random(seed);
  RandomCase c = random_case(random, corner.algorithm, corner.loss, corner.activation, corner.limits);
  if (corner.twist) corner.twist(c);
  ASSERT_EQ(plan_of(c).threads, regime().threads) << "it would run in another regime";
  const MetaLearner cpu_learner = learner_for<float>(cpu, c), cuda_learner = learner_for<float>(cuda, c);

  const auto want = cpu_learner.meta_gradient(c.tasks, KeepFastWeights::yes);
  EXPECT_EQ(std::set<TaskStatus>(want.status.begin(), want.status.end()), corner.statuses);
  for (int order = 0; order < 3; ++order) {
    set_thread_order(order);
    const auto got = cuda_learner.meta_gradient(c.tasks, KeepFastWeights::yes);
    EXPECT_EQ(got.status, want.status);
    EXPECT_EQ(got.failed_step, want.failed_step);
    EXPECT_EQ(bits(got.query_loss_before), bits(want.query_loss_before));
    EXPECT_EQ(bits(got.query_loss), bits(want.query_loss));
    EXPECT_EQ(bits(got.fast_weights), bits(want.fast_weights));
    EXPECT_EQ(bits(got.theta), bits(want.theta));
    EXPECT_EQ(bits(got.rates), bits(want.rates));
    if (corner.meta_gradient_alone) return;
  }
  const auto models = cpu_learner.adapt(c.tasks, 3), same_models = cuda_learner.adapt(c.tasks, 3);
  EXPECT_EQ(bits(same_models.phi), bits(models.phi));
  EXPECT_EQ(bits(cuda_learner.predict(models, c.tasks.query(), c.tasks.columns())),
            bits(cpu_learner.predict(models, c.tasks.query(), c.tasks.columns())));
  const int points[] = {0, 2, 3};
  const auto losses = cpu_learner.evaluate(c.tasks, points),
             same_losses = cuda_learner.evaluate(c.tasks, points);
  EXPECT_EQ(bits(same_losses.loss), bits(losses.loss));
  EXPECT_EQ(same_losses.status, losses.status);
  EXPECT_EQ(same_losses.failed_step, losses.failed_step);
}

INSTANTIATE_TEST_SUITE_P(All, Corners,
                         ::testing::Combine(::testing::Range(0, 3),
                                            ::testing::Range<std::size_t>(0, corners().size())),
                         [](const auto& chosen) {
                           return std::string(regimes[std::get<0>(chosen.param)].name) +
                                  corners()[std::get<1>(chosen.param)].name;
                         });

/// The full shape that the regime is made for; docs/decisions/0007-layer-by-layer.md counts its instructions.
TEST(LayeredWide, MetaGradientOf64By512By512By1) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "too slow with a sanitizer";
#endif
  std::mt19937_64 random(63);
  RandomCase c = random_case(random, "maml", LossKind::mse, Activation::relu, exactly(4, 10, 64, 512, 2, 3));
  c.model.skip = false;
  const ParameterLayout layout(c.model);
  c.parameters.theta.resize(layout.size(), 0.01f);
  cuda_under_test = {.layer_by_layer = true};
  const Context cuda({.backend = BackendKind::cuda});
  cuda_under_test = {};
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  const auto want = learner_for<float>(cpu, c).meta_gradient(c.tasks),
             got = learner_for<float>(cuda, c).meta_gradient(c.tasks);
  EXPECT_EQ(got.good, 4);
  EXPECT_EQ(bits(got.query_loss), bits(want.query_loss));
  EXPECT_EQ(bits(got.theta), bits(want.theta));
}

TEST(LayeredMemory, ATaskThatDoesNotFitIsNamed) {
  std::mt19937_64 random(62);
  CaseLimits limits = exactly(3, 4, 2, 5, 1, 1);
  RandomCase c = random_case(random, "maml", LossKind::mse, Activation::tanh, limits);
  cuda_under_test = {.layer_by_layer = true, .layered_memory = 512};
  const Context cuda({.backend = BackendKind::cuda});
  cuda_under_test = {};
  try {
    learner_for<float>(cuda, c).meta_gradient(c.tasks);
    FAIL() << "512 bytes were enough";
  } catch (const ResourceError& error) {
    EXPECT_NE(std::string(error.what()).find("task 0 of the batch alone needs"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace shoal::testing
