// SPDX-License-Identifier: Apache-2.0
// The meta-gradients of the reference, for every algorithm, loss and activation on random ragged cases: in
// random directions by dual numbers, and for some cases in every coordinate, also by central differences.
// Covers task_run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "gradient_oracles.hpp"
#include "support/kinks.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int cases = 4;
#else
constexpr int cases = 200;
#endif
constexpr int full_cases = 3, directions = 3;
constexpr std::size_t most_parameters = 60;
constexpr CaseLimits limits{
    .most_tasks = 6, .most_rows = 5, .most_inputs = 3, .most_width = 4, .most_depth = 2};

double norm(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0.0;
  for (const auto* part : {&a, &b})
    for (const double x : *part) squares += x * x;
  return std::sqrt(squares);
}

struct Tried {
  RandomCase c;
  TaskBatch64 tasks;
  MetaParameters<double> at;
};

Tried draw(std::mt19937_64& random, const std::string& algorithm, LossKind loss, Activation activation) {
  for (;;) {
    Tried tried{random_case(random, algorithm, loss, activation, limits), {}, {}};
    if (tried.c.parameters.theta.size() > most_parameters) continue;
    tried.tasks = widen(tried.c.tasks);
    const auto& p = tried.c.parameters;
    tried.at = {{p.theta.begin(), p.theta.end()}, {p.rates.begin(), p.rates.end()}};
    return tried;
  }
}

Direction random_direction(std::mt19937_64& random, const MetaParameters<double>& at) {
  Direction v;
  for (std::size_t p = 0; p < at.theta.size(); ++p) v.theta.push_back(normal(random));
  for (std::size_t r = 0; r < at.rates.size(); ++r) v.rates.push_back(normal(random));
  return v;
}

class GradientTrust : public ::testing::TestWithParam<std::string> {
 protected:
  const Context context_{{.backend = BackendKind::reference}};

  /// The derivative of the meta-loss along v, by the algorithm's own definition.
  double expected(const Tried& tried, const Direction& v) const {
    if (GetParam() == "fomaml") return first_order_derivative(tried.c, tried.tasks, tried.at, v);
    return meta_loss_derivative(tried.c, tried.tasks, tried.at, v);
  }

  void check_directions(const Tried& tried, const MetaGradient<double>& g, std::mt19937_64& random) {
    for (int d = 0; d < directions; ++d) {
      const Direction v = random_direction(random, tried.at);
      double along = 0.0;
      for (std::size_t p = 0; p < g.theta.size(); ++p) along += g.theta[p] * v.theta[p];
      for (std::size_t r = 0; r < g.rates.size(); ++r) along += g.rates[r] * v.rates[r];
      const double scale = norm(g.theta, g.rates) * norm(v.theta, v.rates);
      const double error = std::abs(along - expected(tried, v));
      ASSERT_LE(error, 1e-11 * scale) << tried.c.describe();
      if (scale > 0.0) worst_ = std::max(worst_, error / scale);
    }
  }

  void check_every_coordinate(const Tried& tried, const MetaGradient<double>& g) {
    const double size = norm(g.theta, g.rates);
    const std::size_t theta = g.theta.size(), all = theta + g.rates.size();
    double difference_error = 0.0;
    for (std::size_t i = 0; i < all; ++i) {
      Direction v{std::vector<double>(theta, 0.0), std::vector<double>(g.rates.size(), 0.0)};
      (i < theta ? v.theta[i] : v.rates[i - theta]) = 1.0;
      const double got = i < theta ? g.theta[i] : g.rates[i - theta];
      ASSERT_LE(std::abs(got - expected(tried, v)), 1e-11 * size)
          << tried.c.describe() << ", coordinate " << i;
      if (GetParam() == "fomaml") continue;  // its gradient is not the derivative of a function
      constexpr double h = 1e-5;
      MetaParameters<double> up = tried.at, down = tried.at;
      (i < theta ? up.theta[i] : up.rates[i - theta]) += h;
      (i < theta ? down.theta[i] : down.rates[i - theta]) -= h;
      const double slope =
          (meta_loss(tried.c, tried.tasks, up) - meta_loss(tried.c, tried.tasks, down)) / (2.0 * h);
      difference_error += (slope - got) * (slope - got);
    }
    ASSERT_LE(std::sqrt(difference_error), 1e-6 * std::max(size, 1e-3)) << tried.c.describe();
  }

  bool away_from_kinks(const Tried& tried, const MetaLearner64& learner) {
    for (std::int64_t t = 0; t < tried.tasks.size(); ++t) {
      const std::int64_t one[] = {t};
      if (margin_of(tried.c, tried.tasks.select(one), learner).kink < 1e-3) return false;
    }
    return true;
  }

  double worst_ = 0.0;
};

TEST_P(GradientTrust, DualNumbersAndCentralDifferences) {
  std::mt19937_64 random(41);
  int count = 0, full = 0;
  for (const LossKind loss : LossKinds::all)
    for (const Activation activation : Activations::all) {
      int full_here = 0, exploded = 0;
      for (int i = 0; i < cases || full_here < full_cases; ++i) {
        const Tried tried = draw(random, GetParam(), loss, activation);
        const MetaLearner64 learner = learner_for<double>(context_, tried.c);
        const auto g = learner.meta_gradient(tried.tasks);
        if (g.good != tried.tasks.size()) {  // a gaussian-nll overflowed: draw again, but count it
          --i;
          ASSERT_LE(++exploded, cases / 10 + 5) << tried.c.describe();
          continue;
        }
        ++count;
        if (GetParam() == "reptile") {
          const auto move = mean_move(tried.c, tried.tasks, tried.at);
          for (std::size_t p = 0; p < move.size(); ++p)
            ASSERT_NEAR(g.theta[p], move[p], 1e-14) << tried.c.describe();
          ++full_here;
          continue;
        }
        if (i < cases) check_directions(tried, g, random);
        if (HasFatalFailure()) return;
        if (full_here < full_cases && away_from_kinks(tried, learner)) {
          check_every_coordinate(tried, g);
          if (HasFatalFailure()) return;
          ++full_here;
        }
      }
      full += full_here;
    }
  std::printf("%s: %d cases, %d of them over every coordinate; worst direction %.1e of |g||v|\n",
              GetParam().c_str(), count, full, worst_);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, GradientTrust, ::testing::ValuesIn(algorithm_names()),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace shoal::testing
