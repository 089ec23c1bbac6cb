// SPDX-License-Identifier: Apache-2.0
// Contract N1-N5 on the cpu backend: instruction set, threads, order of tasks, chunks and the other tasks of
// a batch change no bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/exact_sum.hpp"
#include "support/bits.hpp"
#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 12, crowd = 600;
#else
constexpr int rounds = 120, crowd = 10000;
#endif

/// All numbers of a meta-gradient, with tasks in the order `place`.
std::vector<std::uint32_t> bits_of(const MetaGradient<float>& g, const std::vector<std::int64_t>& place,
                                   std::size_t size) {
  std::vector<std::uint32_t> all = bits(g.theta);
  const auto append = [&](const std::vector<std::uint32_t>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  append(bits(g.rates));
  append(bits({g.mean_query_loss_before, g.mean_query_loss}));
  for (const std::int64_t t : place) {
    const auto at = static_cast<std::size_t>(t);
    append(bits({g.query_loss_before[at], g.query_loss[at]}));
    append({static_cast<std::uint32_t>(g.status[at]), static_cast<std::uint32_t>(g.failed_step[at])});
    append(bits(std::vector<float>(g.fast_weights.begin() + t * static_cast<std::int64_t>(size),
                                   g.fast_weights.begin() + (t + 1) * static_cast<std::int64_t>(size))));
  }
  return all;
}

std::vector<std::int64_t> identity_order(std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

TEST(CpuSameBits, GivenParametersCountAsTheLearnersOwn) {
  std::mt19937_64 random(22);
  const Context context({.backend = BackendKind::cpu, .threads = 2});
  for (int round = 0; round < rounds; ++round) {
    const RandomCase c = random_case(random, {.most_tasks = 20});
    const MetaLearner has = learner_for<float>(context, c);
    const MetaLearner given_to(
        context, {.model = c.model, .loss = c.loss, .algorithm = c.algorithm, .optimizer = {}, .init = {}});
    const auto place = identity_order(c.tasks.size());
    const std::size_t size = c.parameters.theta.size();
    const int steps[] = {0, 2};
    ASSERT_EQ(bits_of(given_to.meta_gradient(c.parameters, c.tasks, KeepFastWeights::yes), place, size),
              bits_of(has.meta_gradient(c.tasks, KeepFastWeights::yes), place, size))
        << c.describe();
    ASSERT_EQ(bits(given_to.adapt(c.parameters, c.tasks, 2).phi), bits(has.adapt(c.tasks, 2).phi));
    ASSERT_EQ(bits(given_to.evaluate(c.parameters, c.tasks, steps).loss),
              bits(has.evaluate(c.tasks, steps).loss));
  }
}

TEST(CpuSameBits, ThreadsInstructionSetsOrderAndChunks) {
  std::mt19937_64 random(21);
  const auto contexts = contexts_of_both_layouts({1, 2, 4});
  for (int round = 0; round < rounds; ++round) {
    RandomCase c = random_case(random, {.most_tasks = 60, .most_rows = 25});
    const std::size_t size = c.parameters.theta.size();
    std::vector<std::uint32_t> first;
    for (const auto& [name, context] : contexts) {
      auto order = identity_order(c.tasks.size());
      std::shuffle(order.begin(), order.end(), random);
      std::vector<std::int64_t> place(order.size());
      for (std::size_t i = 0; i < order.size(); ++i)
        place[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
      const std::int64_t chunk = uniform_int(random, 0, 40);
      const MetaLearner learner = learner_for<float>(context, c, chunk);
      const auto got =
          bits_of(learner.meta_gradient(c.tasks.select(order), KeepFastWeights::yes), place, size);
      if (first.empty()) first = got;
      ASSERT_EQ(got, first) << c.describe() << ", " << name << ", chunk " << chunk;
    }
  }
}

// Both tape policies of the inner loop and both layouts of lanes, whose blocks of rows have different sizes:
// 240 rows of a 32-32 network.
TEST(CpuSameBits, KeptAndRecomputedTapes) {
  std::mt19937_64 random(25);
  for (const char* algorithm : {"maml", "meta-sgd", "anil", "boil", "maml-multi-step"})
    for (const Activation activation : {Activation::relu, Activation::tanh}) {
      RandomCase c = random_case(
          random, algorithm, LossKind::mse, activation,
          {.most_tasks = 3, .most_rows = 3, .most_inputs = 1, .most_width = 1, .empty_support = false});
      AlgorithmOptions options{.steps = 4, .learning_rate = 0.02};
      if (std::string(algorithm) == "maml-multi-step") options.step_weights = {0.125, 0.125, 0.25, 0.5};
      c.algorithm = make_algorithm(std::string(algorithm).starts_with("maml") ? "maml" : algorithm, options);
      c.model = {.inputs = 2, .hidden = {32, 32}, .outputs = 1, .activation = activation};
      TaskSetStorage<float> support, query;
      std::vector<std::int64_t> ids;
      for (int t = 0; t < 5; ++t) {
        for (auto* set : {&support, &query}) {
          const int rows = 240 - 7 * t;
          for (int e = 0; e < rows * 2; ++e) set->x.push_back(static_cast<float>(normal(random)));
          for (int e = 0; e < rows; ++e) set->y.push_back(static_cast<float>(normal(random)));
          set->row_starts.push_back(set->row_starts.back() + rows);
        }
        ids.push_back(t);
      }
      c.tasks = TaskBatch::own({2, 1, 0}, support, query, ids);
      const std::size_t size = ParameterLayout(c.model).size();
      c.parameters.theta.clear();
      for (std::size_t p = 0; p < size; ++p)
        c.parameters.theta.push_back(static_cast<float>(uniform(random, -0.3, 0.3)));
      c.parameters.rates.assign(std::string(algorithm) == "meta-sgd" ? size : 0, 0.02f);
      const auto place = identity_order(c.tasks.size());
      std::vector<std::uint32_t> first;
      for (const char* plan : {"tasks+keep", "tasks+recompute", "units+keep", "units+recompute"}) {
        const Context context = context_with_plan(plan, 1);
        const MetaLearner learner = learner_for<float>(context, c);
        const std::string policy = std::string(plan).ends_with("keep") ? "tapes kept" : "tapes recomputed";
        ASSERT_NE(learner.plan(c.tasks).find(policy), std::string::npos) << learner.plan(c.tasks);
        const auto got = bits_of(learner.meta_gradient(c.tasks, KeepFastWeights::yes), place, size);
        if (first.empty()) first = got;
        ASSERT_EQ(got, first) << algorithm << ", " << plan;
      }
    }
}

TEST(CpuSameBits, ATaskAloneEqualsTheTaskInCompany) {
  const Context context({.backend = BackendKind::cpu, .threads = 2});
  std::mt19937_64 random(22);
  for (int round = 0; round < rounds / 4; ++round) {
    const RandomCase c = random_case(random, {.most_tasks = 30, .most_rows = 40});
    const MetaLearner learner = learner_for<float>(context, c);
    const auto together = learner.meta_gradient(c.tasks, KeepFastWeights::yes);
    const std::size_t size = c.parameters.theta.size();
    for (std::int64_t t = 0; t < c.tasks.size(); ++t) {
      const std::int64_t one[] = {t};
      const auto alone = learner.meta_gradient(c.tasks.select(one), KeepFastWeights::yes);
      const auto at = static_cast<std::size_t>(t);
      EXPECT_EQ(bits({alone.query_loss[0], alone.query_loss_before[0]}),
                bits({together.query_loss[at], together.query_loss_before[at]}));
      EXPECT_EQ(bits(alone.fast_weights),
                bits(std::vector<float>(
                    together.fast_weights.begin() + t * static_cast<std::int64_t>(size),
                    together.fast_weights.begin() + (t + 1) * static_cast<std::int64_t>(size))));
    }
  }
}

// Gradients from denormals up to 2^30 in one batch: the mean is their exact sum, rounded once.
TEST(CpuSameBits, TheSumOverTasksIsExact) {
  const Context context({.backend = BackendKind::cpu, .threads = 2});
  std::mt19937_64 random(24);
  for (int round = 0; round < rounds; ++round) {
    RandomCase c;
    c.model = {.inputs = 1, .hidden = {}, .outputs = 1};
    c.algorithm = Maml{{.steps = 0}};
    c.parameters.theta = {0.0f, 0.0f};
    const bool denormal = round % 3 == 0;  // few tasks, since a mean over many would hide the last bits
    const int count = uniform_int(random, 1, denormal ? 4 : 200);
    const int low = denormal ? -149 : uniform_int(random, -149, 20);
    const int high = std::min(29, low + uniform_int(random, 1, denormal ? 20 : 180));
    TaskSetStorage<float> support, query;
    std::vector<std::int64_t> ids;
    for (int t = 0; t < count; ++t) {
      query.x.push_back(1.0f);
      query.y.push_back(
          static_cast<float>(std::ldexp(uniform(random, -1.0, 1.0), uniform_int(random, low, high))));
      query.row_starts.push_back(t + 1);
      support.row_starts.push_back(0);
      ids.push_back(t);
    }
    c.tasks = TaskBatch::own({1, 1, 0}, support, query, ids);
    const MetaLearner learner = learner_for<float>(context, c);
    ExactSum sum(2);
    for (const float y : query.y)  // at theta = 0 and x = 1 both gradients are -2 y, exactly
      for (std::size_t p = 0; p < 2; ++p) sum.add(p, -2.0f * y);
    const auto together = learner.meta_gradient(c.tasks);
    for (std::size_t p = 0; p < 2; ++p)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(together.theta[p]),
                std::bit_cast<std::uint32_t>(sum.rounded(p) / static_cast<float>(count)));
  }
}

// One task with a NaN among many: the losses and fast weights of the others keep their bits, and the sum is
// theirs only.
TEST(CpuSameBits, ANaNTaskTouchesNoOther) {
  const Context context({.backend = BackendKind::cpu, .threads = 2});
  std::mt19937_64 random(23);
  for (const float poison :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38f}) {
    RandomCase c = random_case(random, "maml", LossKind::mse, Activation::relu,
                               {.most_tasks = 1, .most_rows = 6, .most_steps = 2, .empty_support = false});
    InnerLoop inner{.steps = 2, .learning_rate = 0.05};
    c.algorithm = Maml{inner};
    const TaskColumns columns{c.model.inputs, c.model.outputs, 0};
    TaskSetStorage<float> support, query;
    std::vector<std::int64_t> ids;
    for (int t = 0; t < crowd; ++t) {
      for (auto* set : {&support, &query}) {
        const int rows = uniform_int(random, 1, 6);
        for (int e = 0; e < rows * columns.inputs; ++e) set->x.push_back(static_cast<float>(normal(random)));
        for (int e = 0; e < rows * columns.targets; ++e) set->y.push_back(static_cast<float>(normal(random)));
        set->row_starts.push_back(set->row_starts.back() + rows);
      }
      ids.push_back(t);
    }
    const int bad = crowd / 3;
    auto poisoned = support;
    poisoned.y[static_cast<std::size_t>(support.row_starts[bad] * columns.targets)] = poison;
    const auto clean_tasks = TaskBatch::own(columns, support, query, ids);
    const auto poisoned_tasks = TaskBatch::own(columns, poisoned, query, ids);
    auto others = identity_order(crowd);
    others.erase(others.begin() + bad);

    const MetaLearner learner = learner_for<float>(context, c);
    const auto clean = learner.meta_gradient(clean_tasks, KeepFastWeights::yes);
    const auto got = learner.meta_gradient(poisoned_tasks, KeepFastWeights::yes);
    const auto without = learner.meta_gradient(clean_tasks.select(others), KeepFastWeights::yes);
    const std::size_t size = c.parameters.theta.size();
    ASSERT_EQ(clean.good, crowd);
    ASSERT_EQ(got.good, crowd - 1);
    EXPECT_EQ(got.status[bad],
              std::isfinite(poison) ? TaskStatus::non_finite_inner : TaskStatus::non_finite_input);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(got.query_loss[bad]), 0x7fc00000u);
    for (std::size_t p = 0; p < size; ++p)
      EXPECT_EQ(std::bit_cast<std::uint32_t>(got.fast_weights[static_cast<std::size_t>(bad) * size + p]),
                0x7fc00000u);
    for (const std::int64_t t : others) {
      const auto at = static_cast<std::size_t>(t);
      ASSERT_EQ(bits({got.query_loss[at], got.query_loss_before[at]}),
                bits({clean.query_loss[at], clean.query_loss_before[at]}));
      for (std::size_t p = 0; p < size; ++p)
        ASSERT_EQ(std::bit_cast<std::uint32_t>(got.fast_weights[at * size + p]),
                  std::bit_cast<std::uint32_t>(clean.fast_weights[at * size + p]));
    }
    EXPECT_EQ(bits(got.theta), bits(without.theta));
    EXPECT_EQ(bits({got.mean_query_loss, got.mean_query_loss_before}),
              bits({without.mean_query_loss, without.mean_query_loss_before}));
  }
}

}  // namespace
}  // namespace shoal::testing
