// SPDX-License-Identifier: Apache-2.0
// math = fast, outside the numerical contract: close to the double reference, within a stated bound
// (docs/numerics.md). On the host its products are rounded to TF32, as tensor cores do; with a device runner
// they are computed by whatever replaces cuBLAS there.
// Covers layered/fast_*.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include <shoal/error.hpp>

#include "cuda_under_test.hpp"
#include "support/kinks.hpp"

namespace shoal::testing {
namespace {

struct Norms {
  double error = 0.0, size = 0.0;  // squared
  void add(double got, double want) {
    error += (got - want) * (got - want);
    size += want * want;
  }
  double relative() const { return std::sqrt(error / std::max(size, 1e-6)); }
};

class FastMath : public ::testing::Test {
 protected:
  void SetUp() override {
    cuda_under_test = {.layer_by_layer = true};
    try {
      const Context fast({.backend = BackendKind::cuda, .math = Math::fast});
    } catch (const ResourceError& error) {
      if (std::string(error.what()).find("needs cuBLAS") == std::string::npos) throw;
      GTEST_SKIP() << error.what();
    }
  }
  void TearDown() override { cuda_under_test = {}; }
};

/// Tasks of equal size, for which cuBLAS is used, unless `ragged`.
CaseLimits limits(std::mt19937_64& random, bool ragged) {
  CaseLimits limits{.most_tasks = 3, .most_rows = 12, .most_inputs = 9, .most_width = 40, .most_depth = 2};
  if (ragged) return limits;
  limits.least_rows = limits.most_rows = uniform_int(random, 1, 24);
  limits.empty_support = false;
  return limits;
}

/// TF32 changes a value by at most 2^-11 of it. Where a kink is nearer than a few such roundings, two answers
/// are right, and nothing is compared.
bool away_from_kinks(const RandomCase& c, const MetaLearner64& oracle) {
  for (std::int64_t t = 0; t < c.tasks.size(); ++t) {
    const std::int64_t one[] = {t};
    const TrajectoryMargin margin = margin_of(c, widen(c.tasks.select(one)), oracle);
    if (margin.kink < 1e-2 || margin.magnitude > 10.0) return false;
  }
  return oracle.meta_gradient(widen(c.tasks)).good == c.tasks.size();
}

TEST_F(FastMath, AgreesWithTheReferenceWithinItsBound) {
  const Context fast({.backend = BackendKind::cuda, .math = Math::fast}),
      reference({.backend = BackendKind::reference});
  std::mt19937_64 random(71);
  Norms all;
  double worst = 0.0, worst_prediction = 0.0;
  std::string worst_case;
  int compared = 0, drawn = 0;
  for (; compared < 150; ++drawn) {
    const RandomCase c = random_case(random, limits(random, drawn % 4 == 3));
    const MetaLearner engine = learner_for<float>(fast, c);
    const MetaLearner64 oracle = learner_for<double>(reference, c);
    if (!away_from_kinks(c, oracle)) continue;
    ++compared;
    const auto got = engine.meta_gradient(c.tasks);
    const auto want = oracle.meta_gradient(widen(c.tasks));
    ASSERT_EQ(got.status, want.status) << c.describe();
    Norms norms;
    for (std::size_t p = 0; p < want.theta.size(); ++p) norms.add(got.theta[p], want.theta[p]);
    for (std::size_t r = 0; r < want.rates.size(); ++r) norms.add(got.rates[r], want.rates[r]);
    all.error += norms.error;
    all.size += norms.size;
    if (norms.relative() > worst) {
      worst = norms.relative();
      worst_case = c.describe();
    }
    Norms outputs;
    const auto models = engine.adapt(c.tasks, 2);
    const auto wide = widen(c.tasks);
    const auto exact = oracle.predict(oracle.adapt(wide, 2), wide.query(), wide.columns());
    const auto predicted = engine.predict(models, c.tasks.query(), c.tasks.columns());
    for (std::size_t e = 0; e < exact.size(); ++e) outputs.add(predicted[e], exact[e]);
    worst_prediction = std::max(worst_prediction, outputs.relative());
  }
  std::printf("%d of %d cases; all together %.2e, worst case %.2e (%s), worst predictions %.2e\n", compared,
              drawn, all.relative(), worst, worst_case.c_str(), worst_prediction);
  EXPECT_LE(all.relative(), 1e-3);
  EXPECT_LE(worst, 5e-3);
  EXPECT_LE(worst_prediction, 1e-2);
}

TEST_F(FastMath, RaggedTasksAreExact) {
  const Context fast({.backend = BackendKind::cuda, .math = Math::fast}), cpu({.backend = BackendKind::cpu});
  std::mt19937_64 random(72);
  for (int round = 0; round < 10; ++round) {
    CaseLimits ragged{.most_tasks = 6, .least_tasks = 6};
    const RandomCase c = random_case(random, ragged);
    const auto rows = [&](const TaskSet<float>& set) {
      std::vector<std::int64_t> counts;
      for (std::int64_t t = 0; t < c.tasks.size(); ++t) counts.push_back(set.rows(t));
      return counts;
    };
    const auto differ = [](const std::vector<std::int64_t>& n) {
      return std::adjacent_find(n.begin(), n.end(), std::not_equal_to<>()) != n.end();
    };
    if (!differ(rows(c.tasks.support())) || !differ(rows(c.tasks.query()))) continue;
    const auto got = learner_for<float>(fast, c).meta_gradient(c.tasks);
    const auto want = learner_for<float>(cpu, c).meta_gradient(c.tasks);
    for (std::size_t p = 0; p < want.theta.size(); ++p)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(got.theta[p]), std::bit_cast<std::uint32_t>(want.theta[p]))
          << c.describe();
  }
}

TEST_F(FastMath, ABadTaskLeaksNothing) {
  const Context fast({.backend = BackendKind::cuda, .math = Math::fast});
  std::mt19937_64 random(73);
  RandomCase c = random_case(random, "maml", LossKind::mse, Activation::identity,
                             {.most_tasks = 3,
                              .most_rows = 4,
                              .least_tasks = 3,
                              .least_rows = 4,
                              .least_depth = 1,
                              .least_steps = 2,
                              .empty_support = false});
  const std::int64_t kept[] = {0, 2};
  const auto want = learner_for<float>(fast, c).meta_gradient(c.tasks.select(kept));
  std::vector<float> x(c.tasks.support().x.begin(), c.tasks.support().x.end());
  std::fill(x.begin() + 4 * c.model.inputs, x.begin() + 8 * c.model.inputs, 1e30f);
  TaskSet<float> support = c.tasks.support();
  support.x = x;
  const auto got = learner_for<float>(fast, c).meta_gradient(
      TaskBatch::borrow(c.tasks.columns(), support, c.tasks.query(), c.tasks.ids()));
  ASSERT_NE(got.status[1], TaskStatus::good);
  EXPECT_EQ(got.good, 2);
  for (std::size_t p = 0; p < want.theta.size(); ++p)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got.theta[p]), std::bit_cast<std::uint32_t>(want.theta[p]));
}

}  // namespace
}  // namespace shoal::testing
