// SPDX-License-Identifier: Apache-2.0
// Both layouts of lanes (src/cpu/lane_layouts.hpp) give the same bits: gradients, fast weights, losses along
// a trajectory, predictions and statuses, on every instruction set and for widths around those of its
// vectors.
// Covers isa_*, network_plan, group_plans.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include <shoal/error.hpp>

#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int shapes = 2, stride_of_sweeps = 5;  // a fifth of all combinations, in which each choice occurs
#else
constexpr int shapes = 6, stride_of_sweeps = 1;
#endif

void append(std::vector<std::uint32_t>& all, const std::vector<float>& values) {
  for (const float value : values) all.push_back(std::bit_cast<std::uint32_t>(value));
}
template <class Codes>
void append_codes(std::vector<std::uint32_t>& all, const Codes& codes) {
  for (const auto code : codes) all.push_back(static_cast<std::uint32_t>(code));
}

/// All numbers that the four operations of a backend return for a problem.
std::vector<std::uint32_t> everything(const Context& context, const RandomCase& c) {
  const MetaLearner learner = learner_for<float>(context, c);
  std::vector<std::uint32_t> all;
  const auto g = learner.meta_gradient(c.tasks, KeepFastWeights::yes);
  for (const auto& part : {g.theta, g.rates, g.query_loss_before, g.query_loss, g.fast_weights})
    append(all, part);
  append_codes(all, g.status);
  append_codes(all, g.failed_step);
  const auto adapted = learner.adapt(c.tasks, 3);
  append(all, adapted.phi);
  append_codes(all, adapted.status);
  append(all, learner.predict(adapted, c.tasks.query(), c.tasks.columns()));
  const int points[] = {0, 1, 3};
  const auto along = learner.evaluate(c.tasks, points);
  append(all, along.loss);
  append_codes(all, along.status);
  append_codes(all, along.failed_step);
  return all;
}

void expect_same(const std::vector<LayoutContext>& contexts, const RandomCase& c) {
  const auto first = everything(contexts.front().context, c);
  for (std::size_t i = 1; i < contexts.size(); ++i)
    ASSERT_EQ(everything(contexts[i].context, c), first) << contexts[i].name << ", " << c.describe();
}

TEST(LaneLayouts, EveryAlgorithmLossAndActivation) {
  const auto contexts = contexts_of_both_layouts({1});
  std::mt19937_64 random(41);
  int combination = 0;
  for (const std::string& algorithm : algorithm_names())
    for (const LossKind loss : LossKinds::all)
      for (const Activation activation : Activations::all) {
        if (combination++ % stride_of_sweeps != 0) continue;
        expect_same(contexts,
                    random_case(random, algorithm, loss, activation,
                                {.most_tasks = 5, .most_rows = 20, .most_inputs = 20, .most_width = 20}));
        if (HasFatalFailure()) return;
      }
}

/// A case whose network has exactly these widths; `rows` are its tasks' support and query.
RandomCase shaped_case(std::mt19937_64& random, const std::string& algorithm, int inputs,
                       std::vector<int> hidden, int outputs, const std::vector<std::pair<int, int>>& rows,
                       bool skip) {
  const int steps = 2;
  RandomCase c;
  AlgorithmOptions options{.steps = steps, .learning_rate = 0.02};
  if (algorithm == "maml-layer") options.learned_rate = LearnedRate::layer;
  c.algorithm = make_algorithm(algorithm == "maml-layer" ? "maml" : algorithm, options);
  c.model = {
      .inputs = inputs, .hidden = hidden, .outputs = outputs, .activation = Activation::tanh, .skip = skip};
  TaskSetStorage<float> support, query;
  std::vector<std::int64_t> ids;
  const auto add = [&](TaskSetStorage<float>& set, int count) {
    for (int e = 0; e < count * inputs; ++e) set.x.push_back(static_cast<float>(normal(random)));
    for (int e = 0; e < count * outputs; ++e) set.y.push_back(static_cast<float>(normal(random)));
    set.row_starts.push_back(set.row_starts.back() + count);
  };
  for (const auto& [support_rows, query_rows] : rows) {
    add(support, support_rows);
    add(query, query_rows);
    ids.push_back(static_cast<std::int64_t>(ids.size()));
  }
  c.tasks = TaskBatch::own({inputs, outputs, 0}, std::move(support), std::move(query), ids);
  const ParameterLayout layout(c.model);
  for (const TensorSpec& tensor : layout.tensors())
    for (std::size_t p = 0; p < tensor.size; ++p)
      c.parameters.theta.push_back(
          static_cast<float>(0.6 * normal(random) / std::sqrt(static_cast<double>(tensor.shape[0]))));
  const LearnedRate learned = learned_rate_of(c.algorithm);
  const RateLayout rates(layout, learned, steps);
  for (std::size_t r = 0; r < rates.size(); ++r)
    c.parameters.rates.push_back(static_cast<float>(0.02 * uniform(random, 0.3, 1.5)));
  return c;
}

// Widths around one and two vectors of every instruction set, on every side of a layer; ragged rows, no
// support.
TEST(LaneLayouts, WidthsAroundVectors) {
  const auto contexts = contexts_of_both_layouts({1});
  const int widths[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 65};
  std::mt19937_64 random(42);
  const auto width = [&] { return widths[uniform_int(random, 0, std::size(widths) - 1)]; };
  for (const std::string algorithm : {"maml", "meta-sgd", "anil", "boil", "reptile", "maml-layer"})
    for (int i = 0; i < shapes; ++i) {
      std::vector<int> hidden;
      for (int depth = uniform_int(random, 0, 3); depth > 0; --depth) hidden.push_back(width());
      const int inputs = width(), outputs = width();
      expect_same(contexts, shaped_case(random, algorithm, inputs, hidden, outputs,
                                        {{1, 16}, {0, 3}, {17, 1}, {33, 15}, {5, 40}}, i % 2 == 0));
      if (HasFatalFailure()) return;
    }
}

// Wide enough that sums are stored and continued (gemm.hpp), that rows get their extra vector, and that rows
// come in blocks.
TEST(LaneLayouts, LargeNetworksAndManyRows) {
  const auto contexts = contexts_of_both_layouts({1});
  std::mt19937_64 random(43);
  expect_same(contexts, shaped_case(random, "maml", 130, {128, 256}, 3, {{12, 6}, {5, 9}}, true));
  expect_same(contexts, shaped_case(random, "maml", 3, {20}, 2, {{290, 1}, {300, 270}}, false));
}

// Tasks that fail, for every reason and at every point, beside tasks that do not.
TEST(LaneLayouts, StatusesOfAMixedBatch) {
  const auto contexts = contexts_of_both_layouts({1, 3});
  std::mt19937_64 random(44);
  for (const float poison : {std::numeric_limits<float>::quiet_NaN(), 3e38f, 1e25f, 1e9f})
    for (const bool in_support : {true, false}) {
      RandomCase c = shaped_case(random, "maml", 17, {33, 15}, 2, {{6, 5}, {7, 5}, {8, 5}, {9, 5}}, true);
      const auto copy = [](const TaskSet<float>& set) {
        TaskSetStorage<float> storage;
        storage.x.assign(set.x.begin(), set.x.end());
        storage.y.assign(set.y.begin(), set.y.end());
        storage.row_starts.assign(set.row_starts.begin(), set.row_starts.end());
        return storage;
      };
      auto support = copy(c.tasks.support()), query = copy(c.tasks.query());
      (in_support ? support : query).y[15] = poison;  // a row of the second task
      c.tasks = TaskBatch::own({17, 2, 0}, std::move(support), std::move(query), {3, 1, 4, 5});
      const auto g = learner_for<float>(contexts.front().context, c).meta_gradient(c.tasks);
      EXPECT_EQ(g.good, poison == 1e9f ? 4 : 3) << poison;
      expect_same(contexts, c);
      if (HasFatalFailure()) return;
    }
}

TEST(LaneLayouts, ThePlanFollowsFromSizes) {
  const Context one({.backend = BackendKind::cpu, .threads = 1}),
      four({.backend = BackendKind::cpu, .threads = 4});
  const auto plan_of = [](const Context& context, int hidden, std::size_t tasks) {
    std::mt19937_64 random(45);
    const std::vector<std::pair<int, int>> rows(tasks, {4, 4});
    const RandomCase c = shaped_case(random, "maml", 8, {hidden, hidden}, 1, rows, false);
    return learner_for<float>(context, c).plan(c.tasks);
  };
  const auto says = [](const std::string& plan, const std::string& words) {
    return plan.find(words) != std::string::npos && plan.ends_with("(first guess)");
  };
  for (const Context* context : {&one, &four}) {
    EXPECT_TRUE(says(plan_of(*context, 4, 640), "lanes = tasks")) << plan_of(*context, 4, 640);
    EXPECT_TRUE(says(plan_of(*context, 128, 640), "lanes = units")) << plan_of(*context, 128, 640);
    EXPECT_TRUE(says(plan_of(*context, 40, 1), "lanes = units")) << plan_of(*context, 40, 1);
  }
}

TEST(LaneLayouts, ThePlanSaysWhenItIsMeasuredOrForced) {
  std::mt19937_64 random(46);
  const std::vector<std::pair<int, int>> rows(200, {4, 4});
  const RandomCase c = shaped_case(random, "maml", 3, {6}, 1, rows, false);
  const Context automatic = context_with_plan("auto", 1), cut = context_with_plan("cut-1-0", 1);
  const MetaLearner measured = learner_for<float>(automatic, c);
  EXPECT_TRUE(measured.plan(c.tasks).ends_with("(first guess)")) << measured.plan(c.tasks);
  for (int call = 0; call < 3; ++call) measured.meta_gradient(c.tasks);
  EXPECT_TRUE(measured.plan(c.tasks).ends_with("(measured)")) << measured.plan(c.tasks);
  const MetaLearner forced = learner_for<float>(cut, c);
  forced.meta_gradient(c.tasks);
  EXPECT_TRUE(forced.plan(c.tasks).starts_with("1 group of ")) << forced.plan(c.tasks);
  EXPECT_TRUE(forced.plan(c.tasks).ends_with("(forced)")) << forced.plan(c.tasks);
}

TEST(LaneLayouts, AnUnknownPlanIsRefusedByName) {
  try {
    context_with_plan("units+lanes", 1);
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("lanes"), std::string::npos);
  }
}

}  // namespace
}  // namespace shoal::testing
