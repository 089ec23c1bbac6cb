// SPDX-License-Identifier: Apache-2.0
// Every partition of a batch into groups, every tape policy, and updates in the epilogues of sums or in
// passes of their own give the same bits, over random problems with ragged and failing tasks.
// Covers group_packing, cache_sizes.
#include <gtest/gtest.h>

#include <limits>
#include <variant>

#include "support/bits.hpp"
#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int cases = 4;
#else
constexpr int cases = 40;
#endif

void append(std::vector<std::uint32_t>& all, const std::vector<float>& values) {
  const auto images = bits(values);
  all.insert(all.end(), images.begin(), images.end());
}

std::vector<std::uint32_t> bits_of(const Context& context, const RandomCase& c) {
  const MetaLearner learner = learner_for<float>(context, c);
  const auto g = learner.meta_gradient(c.tasks, KeepFastWeights::yes);
  std::vector<std::uint32_t> all;
  for (const auto& part : {g.theta, g.rates, g.query_loss_before, g.query_loss, g.fast_weights})
    append(all, part);
  for (const auto status : g.status) all.push_back(static_cast<std::uint32_t>(status));
  for (const auto step : g.failed_step) all.push_back(static_cast<std::uint32_t>(step));
  const auto fast = learner.adapt(c.tasks, 2);
  append(all, fast.phi);
  append(all, learner.predict(fast, c.tasks.query(), c.tasks.columns()));
  const int points[] = {0, 2};
  append(all, learner.evaluate(c.tasks, points).loss);
  return all;
}

/// A case in which some tasks hold NaN or diverge.
RandomCase case_with_failures(std::mt19937_64& random, const CaseLimits& limits) {
  RandomCase c = random_case(random, limits);
  for (float& theta : c.parameters.theta)
    if (uniform_int(random, 0, 400) == 0) theta *= 1e20f;
  return c;
}

TEST(GroupPartition, EveryCutGivesTheSameBits) {
  std::vector<LayoutContext> contexts;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512})
    if (isa_available(isa))
      for (const char* plan :
           {"units", "tasks", "half", "cut-1-0", "cut-0-1", "cut-1-1", "cut-2-1", "cut-1-2", "cut-0-3",
            "cut-3-9", "guess", "auto", "tasks+recompute", "units+recompute", "half+recompute",
            "cut-1-1+recompute", "units+blocks", "tasks+blocks", "cut-1-1+blocks+recompute"})
        contexts.push_back({std::string(to_string(isa)) + ", " + plan, context_with_plan(plan, 2, isa)});
  std::mt19937_64 random(17);
  for (int i = 0; i < cases; ++i) {
    const RandomCase c = case_with_failures(random, {.most_tasks = 45, .most_rows = 15, .most_width = 12});
    const auto want = bits_of(contexts.front().context, c);
    // Twice, because a measured plan may divide the second batch differently.
    for (const auto& [name, context] : contexts)
      for (int time = 0; time < 2; ++time)
        ASSERT_EQ(bits_of(context, c), want) << name << ", " << c.describe();
  }
}

/// With a bound on moves that nothing exceeds, the inner step is a pass of its own.
TEST(GroupPartition, AnInnerStepOfItsOwnGivesTheSameBits) {
  std::mt19937_64 random(18);
  for (const char* plan : {"tasks", "units"}) {
    const Context context = context_with_plan(plan, 1);
    for (int i = 0; i < 5 * cases; ++i) {
      RandomCase c = random_case(random, {.most_width = 12});
      const auto want = bits_of(context, c);
      std::visit([](auto& algorithm) { algorithm.inner.max_move = std::numeric_limits<float>::max(); },
                 c.algorithm);
      ASSERT_EQ(bits_of(context, c), want) << plan << ", " << c.describe();
    }
  }
}

/// Learned rates that are all equal move parameters as one fixed rate does, whether they are per layer, step
/// or parameter.
TEST(GroupPartition, RatesOfEveryGrainGiveTheSameBits) {
  std::mt19937_64 random(19);
  for (const char* plan : {"tasks", "units"}) {
    const Context context = context_with_plan(plan, 1);
    for (int i = 0; i < 3 * cases; ++i) {
      RandomCase c = random_case(random, i % 2 == 0 ? "maml" : "maml-multi-step", LossKind::mse,
                                 i % 3 == 0 ? Activation::relu : Activation::gelu, {.most_width = 12});
      Maml& maml = std::get<Maml>(c.algorithm);
      const auto results = [&] {
        const auto g = learner_for<float>(context, c).meta_gradient(c.tasks, KeepFastWeights::yes);
        std::vector<std::uint32_t> all;
        for (const auto& part : {g.theta, g.query_loss, g.fast_weights}) append(all, part);
        return all;
      };
      const auto want = results();
      for (const LearnedRate grain : {LearnedRate::layer, LearnedRate::layer_step, LearnedRate::parameter}) {
        maml.learned_rate = grain;
        const MetaLearner fresh(context, {.model = c.model, .loss = c.loss, .algorithm = c.algorithm});
        c.parameters.rates.assign(fresh.parameters().rates.size(),
                                  static_cast<float>(maml.inner.learning_rate));
        ASSERT_EQ(results(), want) << plan << ", " << to_string(grain) << ", " << c.describe();
      }
    }
  }
}

}  // namespace
}  // namespace shoal::testing
