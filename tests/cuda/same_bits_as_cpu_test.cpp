// SPDX-License-Identifier: Apache-2.0
// All numbers of the cuda backend have the bits of the cpu backend's, for random problems over every
// algorithm, loss and activation, in every regime and order of threads.
// Covers device_problem, task_*.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <set>

#include "cuda_under_test.hpp"
#include "support/bits.hpp"
#include "support/random_case.hpp"
#include "support/same_meta_gradient.hpp"

namespace shoal::testing {
namespace {

/// Cases per regime; checked runs (sanitizers, race detectors) ask for fewer.
constexpr int all_rounds = 1200;
const int rounds = [] {
  const char* requested = std::getenv("SHOAL_TEST_ROUNDS");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return requested ? std::atoi(requested) : 60;
#else
  return requested ? std::atoi(requested) : all_rounds;
#endif
}();

/// A regime by the shared memory of a block: all of it (0) or little (fewer rows at a time); or layer by
/// layer, with memory for all tasks at once (0) or for a few.
struct Regime {
  const char* name;
  CudaOptions options;
  CaseLimits limits;
};

constexpr int seed_of_meta_gradients = 41;

const Regime regimes[] = {
    Regime{"warp", {}, {.most_tasks = 9}},
    Regime{"block", {}, {.most_tasks = 3, .most_rows = 40, .most_inputs = 20, .most_width = 45}},
    Regime{"few_rows",
           {.shared_limit = 24 * 1024},
           {.most_tasks = 3, .most_rows = 40, .most_inputs = 9, .most_width = 20}},
    Regime{"layers", {.layer_by_layer = true}, {.most_tasks = 4, .most_rows = 40, .most_width = 20}},
    Regime{"layers_wide",
           {.layer_by_layer = true},
           {.most_tasks = 2, .most_rows = 80, .most_inputs = 70, .most_width = 90, .most_depth = 2}},
    Regime{"layers_in_chunks",
           {.layer_by_layer = true, .layered_memory = 96 * 1024},
           {.most_tasks = 9, .most_rows = 20}}};

class SameBitsAsCpu : public ::testing::TestWithParam<Regime> {
 protected:
  void SetUp() override { cuda_under_test = GetParam().options; }
  void TearDown() override {
    cuda_under_test = {};
    set_thread_order(0);
  }
};

TEST_P(SameBitsAsCpu, MetaGradients) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}), cuda({.backend = BackendKind::cuda});
  std::mt19937_64 random(seed_of_meta_gradients);
  for (int round = 0; round < rounds; ++round) {
    set_thread_order(round);
    const RandomCase c = random_case(random, GetParam().limits);
    const auto want = learner_for<float>(cpu, c).meta_gradient(c.tasks, KeepFastWeights::yes);
    const auto got = learner_for<float>(cuda, c).meta_gradient(c.tasks, KeepFastWeights::yes);
    expect_same_bits(got, want, c.describe());
    if (HasFatalFailure()) return;
  }
}

TEST_P(SameBitsAsCpu, AdaptEvaluatePredict) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}), cuda({.backend = BackendKind::cuda});
  std::mt19937_64 random(42);
  for (int round = 0; round < rounds / 4; ++round) {
    set_thread_order(round);
    const RandomCase c = random_case(random, GetParam().limits);
    const MetaLearner want = learner_for<float>(cpu, c), got = learner_for<float>(cuda, c);
    const int steps = uniform_int(random, 0, 3);
    const auto want_models = want.adapt(c.tasks, steps), got_models = got.adapt(c.tasks, steps);
    ASSERT_EQ(bits(got_models.phi), bits(want_models.phi)) << c.describe();
    ASSERT_EQ(bits(got.predict(want_models, c.tasks.query(), c.tasks.columns())),
              bits(want.predict(want_models, c.tasks.query(), c.tasks.columns())))
        << c.describe();
    const int points[] = {0, 1, 3};
    const auto want_losses = want.evaluate(c.tasks, points), got_losses = got.evaluate(c.tasks, points);
    ASSERT_EQ(bits(got_losses.loss), bits(want_losses.loss)) << c.describe();
    ASSERT_EQ(got_losses.status, want_losses.status) << c.describe();
    ASSERT_EQ(got_losses.failed_step, want_losses.failed_step) << c.describe();
  }
}

/// The cases of MetaGradients cover every pair of choices, in every regime.
TEST(SameBitsAsCpuCases, MeetAllPairs) {
  for (const Regime& regime : regimes) {
    std::mt19937_64 random(seed_of_meta_gradients);
    std::set<std::string> names[4], pairs[4][4];
    for (int round = 0; round < all_rounds; ++round) {
      const RandomCase c = random_case(random, regime.limits);
      const std::string choices[] = {
          c.algorithm_name, std::string(to_string(c.loss.kind)), std::string(to_string(c.model.activation)),
          std::to_string(c.model.hidden.size()) + (c.model.skip ? " layers, skip" : " layers")};
      for (int i = 0; i < 4; ++i) {
        names[i].insert(choices[i]);
        for (int j = 0; j < i; ++j) pairs[i][j].insert(choices[i] + ", " + choices[j]);
      }
    }
    EXPECT_EQ(names[0].size(), algorithm_names().size());
    EXPECT_EQ(names[1].size(), std::size(LossKinds::all));
    EXPECT_EQ(names[2].size(), std::size(Activations::all));
    EXPECT_EQ(names[3].size(), 2u * static_cast<unsigned>(regime.limits.most_depth + 1));
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < i; ++j)
        EXPECT_EQ(pairs[i][j].size(), names[i].size() * names[j].size()) << regime.name << i << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Regimes, SameBitsAsCpu, ::testing::ValuesIn(regimes),
                         [](const auto& regime) { return std::string(regime.param.name); });

}  // namespace
}  // namespace shoal::testing
