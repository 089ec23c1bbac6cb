// SPDX-License-Identifier: Apache-2.0
// The cpu backend in fp32 against the double reference: every algorithm, loss and activation on random ragged
// tasks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/kinks.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int cases_per_combination = 1;
#else
constexpr int cases_per_combination = 6;
#endif

struct Norms {
  double error = 0.0, size = 0.0;  // squared
  void add(double got, double want) {
    error += (got - want) * (got - want);
    size += want * want;
  }
  double relative() const { return size > 0.0 ? std::sqrt(error / size) : std::sqrt(error); }
};

Norms compare(const MetaGradient<float>& got, const MetaGradient<double>& want) {
  Norms norms;
  for (std::size_t p = 0; p < want.theta.size(); ++p) norms.add(got.theta[p], want.theta[p]);
  for (std::size_t r = 0; r < want.rates.size(); ++r) norms.add(got.rates[r], want.rates[r]);
  return norms;
}

TEST(CpuAccuracy, MetaGradientsAgreeWithTheReference) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 2}),
      reference({.backend = BackendKind::reference});
  std::mt19937_64 random(11);
  const CaseLimits limits{.most_tasks = 3, .most_rows = 8, .most_width = 7, .most_depth = 2};
  Norms all, scaled;
  double worst = 0.0;
  std::string worst_case;
  int cases = 0, left_out = 0;
  for (const std::string& algorithm : algorithm_names())
    for (const LossKind loss : LossKinds::all)
      for (const Activation activation : Activations::all)
        for (int i = 0; i < cases_per_combination; ++i) {
          const RandomCase c = random_case(random, algorithm, loss, activation, limits);
          const MetaLearner engine = learner_for<float>(cpu, c);
          const MetaLearner64 oracle = learner_for<double>(reference, c);
          ++cases;
          bool counts = true;
          for (std::int64_t t = 0; t < c.tasks.size() && counts; ++t) {
            const std::int64_t one[] = {t};
            const TrajectoryMargin margin = margin_of(c, widen(c.tasks.select(one)), oracle);
            counts = margin.kink >= 1e-4 && margin.magnitude <= 100.0;
          }
          counts = counts && oracle.meta_gradient(widen(c.tasks)).good == c.tasks.size();
          if (!counts) {
            ++left_out;
            continue;
          }
          for (std::int64_t t = 0; t < c.tasks.size(); ++t) {
            const std::int64_t one[] = {t};
            const TaskBatch task = c.tasks.select(one);
            const Norms norms = compare(engine.meta_gradient(task), oracle.meta_gradient(widen(task)));
            // Where a row is fitted exactly, the gradient is nearly zero and consists of rounding errors of
            // the inputs: the error of such a gradient is compared with a gradient of size 1e-3.
            const double error = std::sqrt(norms.error / std::max(norms.size, 1e-6));
            if (error > worst) {
              worst = error;
              worst_case = c.describe();
            }
          }
          const auto got = engine.meta_gradient(c.tasks);
          const auto want = oracle.meta_gradient(widen(c.tasks));
          ASSERT_EQ(got.status, want.status) << c.describe();
          ASSERT_EQ(got.good, c.tasks.size()) << c.describe();
          const Norms norms = compare(got, want);
          all.error += norms.error;
          all.size += norms.size;
          if (norms.size > 1e-8) {  // all cases on the same scale
            scaled.error += norms.error / norms.size;
            scaled.size += 1.0;
          }
          for (std::size_t t = 0; t < want.query_loss.size(); ++t) {
            EXPECT_NEAR(got.query_loss[t], want.query_loss[t], 2e-5 * (1.0 + std::abs(want.query_loss[t])))
                << c.describe();
            EXPECT_NEAR(got.query_loss_before[t], want.query_loss_before[t],
                        2e-5 * (1.0 + std::abs(want.query_loss_before[t])))
                << c.describe();
          }
        }
  std::printf("%d cases, %.1f %% left out; all together %.2e, each scaled to 1 %.2e, worst task %.2e (%s)\n",
              cases, 100.0 * left_out / cases, all.relative(), scaled.relative(), worst, worst_case.c_str());
  EXPECT_LE(left_out, cases / 5);
  EXPECT_LE(all.relative(), 1e-6);
  EXPECT_LE(scaled.relative(), 1e-6);
  EXPECT_LE(worst, 2e-5);
}

TEST(CpuAccuracy, AdaptEvaluateAndPredictAgreeWithTheReference) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 2}),
      reference({.backend = BackendKind::reference});
  std::mt19937_64 random(14);
  for (int compared = 0; compared < 40;) {
    const RandomCase c = random_case(random, {.most_tasks = 20});
    const MetaLearner engine = learner_for<float>(cpu, c);
    const MetaLearner64 oracle = learner_for<double>(reference, c);
    const auto furthest = oracle.adapt(widen(c.tasks), 3).phi;
    if (std::any_of(furthest.begin(), furthest.end(), [](double p) { return !(std::abs(p) <= 100.0); }))
      continue;  // diverges: the step that overflows depends on the precision
    ++compared;
    const int steps = uniform_int(random, 0, 3);
    const auto fast = engine.adapt(c.tasks, steps);
    const auto exact = oracle.adapt(widen(c.tasks), steps);
    Norms phi, outputs, losses_norm;
    for (std::size_t p = 0; p < exact.phi.size(); ++p) phi.add(fast.phi[p], exact.phi[p]);
    EXPECT_LE(phi.relative(), 1e-4) << c.describe();

    const TaskBatch64 wide = widen(c.tasks);
    const auto got = engine.predict(fast, c.tasks.query(), c.tasks.columns());
    const auto want = oracle.predict(exact, wide.query(), wide.columns());
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t e = 0; e < want.size(); ++e) outputs.add(got[e], want[e]);
    EXPECT_LE(outputs.relative(), 1e-3) << c.describe();

    const int points[] = {0, 1, 3};
    const auto losses_got = engine.evaluate(c.tasks, points);
    const auto losses_want = oracle.evaluate(wide, points);
    EXPECT_EQ(losses_got.status, losses_want.status) << c.describe();
    for (std::size_t e = 0; e < losses_want.loss.size(); ++e)
      losses_norm.add(losses_got.loss[e], losses_want.loss[e]);
    EXPECT_LE(losses_norm.relative(), 1e-3) << c.describe();
  }
}

}  // namespace
}  // namespace shoal::testing
