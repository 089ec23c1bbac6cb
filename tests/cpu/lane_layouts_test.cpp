// SPDX-License-Identifier: Apache-2.0
// Both meanings of lanes (src/cpu/lane_layouts.hpp) give the same bits: gradients, fast weights, losses along a
// trajectory, predictions and statuses, on every instruction set and for widths around those of its vectors.
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <numeric>

#include <shoal/error.hpp>

#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 1, shapes = 2;
#else
constexpr int rounds = 3, shapes = 12;
#endif

constexpr LossKind losses[] = {LossKind::mse,     LossKind::huber,        LossKind::bce,  LossKind::softmax,
                               LossKind::pinball, LossKind::gaussian_nll, LossKind::qlike};
constexpr Activation activations[] = {Activation::identity, Activation::relu,     Activation::tanh,
                                      Activation::sigmoid,  Activation::softplus, Activation::silu,
                                      Activation::gelu};

void append(std::vector<std::uint32_t>& all, const std::vector<float>& values) {
  for (const float value : values) all.push_back(std::bit_cast<std::uint32_t>(value));
}
template <class Codes>
void append_codes(std::vector<std::uint32_t>& all, const Codes& codes) {
  for (const auto code : codes) all.push_back(static_cast<std::uint32_t>(code));
}

/// Every number that the four operations of a backend give for a problem.
std::vector<std::uint32_t> everything(const Context& context, const RandomCase& c) {
  const MetaLearner learner = learner_for<float>(context, c);
  std::vector<std::uint32_t> all;
  const auto g = learner.meta_gradient(c.tasks, KeepFastWeights::yes);
  for (const auto& part : {g.theta, g.rates, g.query_loss_before, g.query_loss, g.fast_weights}) append(all, part);
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
  const auto contexts = contexts_of_both_layouts({1, 2});
  std::mt19937_64 random(41);
  for (const std::string& algorithm : algorithm_names())
    for (const LossKind loss : losses)
      for (const Activation activation : activations)
        for (int round = 0; round < rounds; ++round) {
          expect_same(contexts, random_case(random, algorithm, loss, activation,
                                            {.most_tasks = 5, .most_rows = 20, .most_inputs = 20, .most_width = 20}));
          if (HasFatalFailure()) return;
        }
}

}  // namespace
}  // namespace shoal::testing
