// SPDX-License-Identifier: Apache-2.0
// MetaLearner above the seam, on the quadratic backend: closed forms, and the same bits for any chunk and
// order.
#include <shoal/meta_learner.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "expect_error.hpp"
#include "quadratic_backend.hpp"
#include "quadratic_tasks.hpp"

namespace shoal::testing {
namespace {

template <class Real>
class MetaLearnerOf : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(MetaLearnerOf, Reals);

template <class Real>
constexpr double tolerance = std::is_same_v<Real, float> ? 2e-5 : 1e-12;

template <class Real>
std::string bits(std::span<const Real> values) {
  std::string text(values.size_bytes(), '\0');
  if (!values.empty()) std::memcpy(text.data(), values.data(), values.size_bytes());
  return text;
}

/// Mean over the rows of (x, y), in long double.
template <class Real>
std::vector<long double> centre(const TaskSet<Real>& set, std::size_t task) {
  std::vector<long double> c(parameters_count, 0.0L);
  const auto first = static_cast<std::size_t>(set.row_starts[task]),
             last = static_cast<std::size_t>(set.row_starts[task + 1]);
  for (std::size_t r = first; r < last; ++r) {
    for (std::size_t i = 0; i < inputs; ++i) c[i] += set.x[r * inputs + i];
    c[inputs] += set.y[r];
  }
  for (long double& value : c) value /= static_cast<long double>(std::max<std::size_t>(last - first, 1));
  return c;
}

TYPED_TEST(MetaLearnerOf, IsTheMeanOfTheGoodTasks) {
  using Real = TypeParam;
  const auto tasks = as<Real>(random_tasks(1, 40, 0, 7));
  const double alpha = 0.3;
  const auto learner = make_learner<Real>(MetaSgd{{.steps = 2, .learning_rate = alpha}});
  const auto got = learner.meta_gradient(tasks, KeepFastWeights::yes);
  std::vector<long double> theta(parameters_count), rates(parameters_count);
  long double before = 0.0L, after = 0.0L;
  std::int64_t good = 0;
  for (std::size_t t = 0; t < 40; ++t) {
    const bool bad = t % 7 == 2;
    EXPECT_EQ(got.status[t], bad ? TaskStatus::non_finite_input : TaskStatus::good);
    EXPECT_EQ(std::isnan(got.query_loss[t]), bad);
    if (bad) continue;
    ++good;
    const auto cs = centre(tasks.support(), t), cq = centre(tasks.query(), t);
    const long double shrink = tasks.support().rows(static_cast<std::int64_t>(t)) ? 1.0L - alpha : 1.0L;
    for (std::size_t p = 0; p < parameters_count; ++p) {
      const long double start = learner.parameters().theta[p], distance = start - cs[p];
      const long double phi = cs[p] + shrink * shrink * distance;
      EXPECT_NEAR(got.fast_weights[t * parameters_count + p], static_cast<double>(phi), tolerance<Real> * 50);
      theta[p] += shrink * shrink * (phi - cq[p]);
      if (shrink != 1.0L) rates[p] -= 2 * shrink * distance * (phi - cq[p]);
      before += (start - cq[p]) * (start - cq[p]) / 2;
      after += (phi - cq[p]) * (phi - cq[p]) / 2;
    }
  }
  ASSERT_EQ(got.good, good);
  const auto expect_mean = [&](Real value, long double sum) {
    const auto wanted = static_cast<double>(sum / good);
    EXPECT_NEAR(value, wanted, tolerance<Real> * (1 + std::abs(wanted)));
  };
  for (std::size_t p = 0; p < parameters_count; ++p) {
    expect_mean(got.theta[p], theta[p]);
    expect_mean(got.rates[p], rates[p]);
  }
  expect_mean(got.mean_query_loss_before, before);
  expect_mean(got.mean_query_loss, after);
}

/// All results of a batch as bytes, by task id.
template <class Real>
std::map<std::int64_t, std::string> results_by_id(const BasicMetaLearner<Real>& learner,
                                                  const BasicTaskBatch<Real>& tasks) {
  const auto g = learner.meta_gradient(tasks, KeepFastWeights::yes);
  const auto fast = learner.adapt(tasks, 4);
  const int steps[] = {0, 3, 1};
  const auto losses = learner.evaluate(tasks, steps);
  std::map<std::int64_t, std::string> results;
  results[-1] = bits<Real>(g.theta) + bits<Real>(g.rates) +
                bits<Real>(std::vector{g.mean_query_loss, g.mean_query_loss_before}) + std::to_string(g.good);
  const auto count = static_cast<std::size_t>(tasks.size());
  for (std::size_t t = 0; t < count; ++t) {
    std::string& text = results[tasks.ids()[t]];
    text = bits<Real>(std::vector{g.query_loss_before[t], g.query_loss[t]});
    for (const auto* phi : {&g.fast_weights, &fast.phi})
      text += bits(std::span<const Real>(*phi).subspan(t * parameters_count, parameters_count));
    text += std::to_string(static_cast<int>(g.status[t])) + std::to_string(static_cast<int>(fast.status[t]));
    for (std::size_t i = 0; i < 3; ++i) {
      text += bits(std::span<const Real>(losses.loss).subspan(i * count + t, 1));
      text += std::to_string(static_cast<int>(losses.status[i * count + t]));
    }
  }
  return results;
}

TYPED_TEST(MetaLearnerOf, ChunksAndOrderChangeNoBit) {
  using Real = TypeParam;
  const auto tasks = as<Real>(random_tasks(2, 60, 100, 7));
  for (const Algorithm& algorithm : {Algorithm(MetaSgd{{.steps = 3}}), Algorithm(Pooled{{.steps = 3}}),
                                     Algorithm(Reptile{{.steps = 2}})}) {
    const auto first = results_by_id(make_learner<Real>(algorithm), tasks);
    for (const std::int64_t chunk : {0, 1, 7, 16, 60, 1000})
      for (const std::uint64_t order : {0, 1, 2})
        EXPECT_EQ(results_by_id(make_learner<Real>(algorithm, chunk), order ? shuffled(tasks, order) : tasks),
                  first)
            << name_of(algorithm) << ", chunk " << chunk << ", order " << order;
  }
}

TYPED_TEST(MetaLearnerOf, GivenParametersCountAsTheLearnersOwn) {
  using Real = TypeParam;
  const auto tasks = shuffled(as<Real>(random_tasks(8, 30, 50, 7)), 1);
  const int steps[] = {0, 1, 4};
  for (const Algorithm& algorithm : {Algorithm(MetaSgd{{.steps = 3}}), Algorithm(Maml{{.steps = 2}}),
                                     Algorithm(Pooled{{.steps = 1}}), Algorithm(Reptile{{.steps = 2}})}) {
    auto has = make_learner<Real>(algorithm, 7);
    const auto given_to = make_learner<Real>(algorithm, 7);
    MetaParameters<Real> parameters = has.parameters();
    for (Real& value : parameters.theta) value = Real(3) - value;
    for (Real& value : parameters.rates) value = value / Real(2);
    has.set_parameters(parameters);
    const auto want = has.meta_gradient(tasks, KeepFastWeights::yes),
               got = given_to.meta_gradient(parameters, tasks, KeepFastWeights::yes);
    for (const auto part :
         {&MetaGradient<Real>::theta, &MetaGradient<Real>::rates, &MetaGradient<Real>::query_loss_before,
          &MetaGradient<Real>::query_loss, &MetaGradient<Real>::fast_weights})
      EXPECT_EQ(bits<Real>(got.*part), bits<Real>(want.*part)) << name_of(algorithm);
    EXPECT_TRUE(given_to.meta_gradient(parameters, tasks, KeepFastWeights::no, QueryLossBefore::skip)
                    .query_loss_before.empty());
    EXPECT_EQ(bits<Real>(given_to.adapt(parameters, tasks, 4).phi), bits<Real>(has.adapt(tasks, 4).phi));
    EXPECT_EQ(bits<Real>(given_to.evaluate(parameters, tasks, steps).loss),
              bits<Real>(has.evaluate(tasks, steps).loss));
    EXPECT_NE(bits<Real>(given_to.adapt(tasks, 0).phi), bits<Real>(has.adapt(tasks, 0).phi))
        << "the learner's own are as they were";
  }
}

TYPED_TEST(MetaLearnerOf, GivenParametersOfAnotherModelAreRefused) {
  using Real = TypeParam;
  const auto tasks = as<Real>(random_tasks(9, 2));
  const auto learner = make_learner<Real>(Maml{});
  const MetaParameters<Real> other{{1, 2, 3, 4, 5}, {}}, with_rates{{1, 2, 3, 4}, {1}};
  const int steps[] = {1};
  const auto expect_refusals = [](auto call, const std::string& sizes) {
    expect_error<ModelError>(call, "parameters: " + sizes + " do not fit a model with 4 and 0");
  };
  expect_refusals([&] { learner.meta_gradient(other, tasks); }, "5 weights and 0 learned rates");
  expect_refusals([&] { learner.adapt(other, tasks, 1); }, "5 weights and 0 learned rates");
  expect_refusals([&] { learner.evaluate(with_rates, tasks, steps); }, "4 weights and 1 learned rates");
}

TYPED_TEST(MetaLearnerOf, CallsTheBackendWithAtMostAChunk) {
  using Real = TypeParam;
  const auto tasks = as<Real>(random_tasks(3, 10));
  const auto sizes_at = [&](std::int64_t chunk) {
    calls().clear();
    make_learner<Real>(Maml{}, chunk).meta_gradient(tasks);
    return calls();
  };
  EXPECT_EQ(sizes_at(0), (std::vector<std::int64_t>{10}));
  EXPECT_EQ(sizes_at(10), (std::vector<std::int64_t>{10}));
  EXPECT_EQ(sizes_at(4), (std::vector<std::int64_t>{4, 4, 2}));
}

TYPED_TEST(MetaLearnerOf, StepsOnlyWhenATaskIsGood) {
  using Real = TypeParam;
  auto learner = make_learner<Real>(Maml{}, 2);
  const auto theta = learner.parameters().theta;
  EXPECT_EQ(learner.meta_step(as<Real>(random_tasks(4, 5))).good, 5);
  TaskSetStorage<Real> set{{1, 2, std::numeric_limits<Real>::quiet_NaN()}, {1}, {}, {}, {0, 1}};
  auto again = make_learner<Real>(Maml{}, 2);
  const auto bad = BasicTaskBatch<Real>::own({inputs, 1, 0}, set, set, {1});
  const auto result = again.meta_step(bad);
  EXPECT_EQ(result.good, 0);
  EXPECT_EQ(result.theta, std::vector<Real>(parameters_count, Real(0)));
  EXPECT_TRUE(std::isnan(result.mean_query_loss) && std::isnan(result.mean_query_loss_before));
  EXPECT_EQ(again.parameters().theta, theta);
  EXPECT_EQ(again.optimizer_state().step, 0);
  EXPECT_NE(learner.parameters().theta, theta);
  EXPECT_EQ(learner.optimizer_state().step, 1);
}

TYPED_TEST(MetaLearnerOf, PooledTrainsOnAllRowsAndFineTunesOnSupport) {
  using Real = TypeParam;
  const auto tasks = as<Real>(random_tasks(5, 12));
  const auto pooled = make_learner<Real>(Pooled{{.steps = 4, .learning_rate = 0.25}});
  const auto plain = make_learner<Real>(Maml{{.steps = 0}});
  EXPECT_EQ(pooled.meta_gradient(tasks).theta, plain.meta_gradient(tasks.joined()).theta);
  EXPECT_NE(pooled.meta_gradient(tasks).theta, plain.meta_gradient(tasks).theta);
  const auto adapted = pooled.adapt(tasks, 4);
  EXPECT_EQ(adapted.phi, make_learner<Real>(Maml{{.steps = 4, .learning_rate = 0.25}}).adapt(tasks, 4).phi);
}

TYPED_TEST(MetaLearnerOf, EvaluatesEachNumberOfStepsOnce) {
  using Real = TypeParam;
  const auto tasks = as<Real>(random_tasks(6, 5));
  const auto learner = make_learner<Real>(Maml{{.steps = 1, .learning_rate = 0.5}});
  const int steps[] = {5, 0, 5, 2};
  const auto losses = learner.evaluate(tasks, steps);
  EXPECT_EQ(losses.steps, (std::vector<int>{0, 2, 5}));
  ASSERT_EQ(losses.loss.size(), 15u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto g =
        make_learner<Real>(Maml{{.steps = losses.steps[i], .learning_rate = 0.5}}).meta_gradient(tasks);
    EXPECT_EQ(std::vector<Real>(losses.loss.begin() + static_cast<std::ptrdiff_t>(5 * i),
                                losses.loss.begin() + static_cast<std::ptrdiff_t>(5 * i + 5)),
              g.query_loss);
  }
  expect_error<InvalidArgument>([&] { learner.evaluate(tasks, {}); },
                                "evaluate: no number of steps was given");
  EXPECT_THROW(learner.evaluate(tasks, std::vector<int>{-1}), InvalidArgument);
  EXPECT_THROW(learner.adapt(tasks, -1), InvalidArgument);
}

TYPED_TEST(MetaLearnerOf, PredictsWithEachTasksOwnModel) {
  using Real = TypeParam;
  const auto learner = make_learner<Real>(Maml{});
  const FastWeights<Real> fast{{1, 0, 0, 5, 0, 2, 0, 1, 7, 7, 7, 7},
                               {TaskStatus::good, TaskStatus::good, TaskStatus::moved_too_far},
                               {-1, -1, 3}};
  const Real inf = std::numeric_limits<Real>::infinity();
  const std::vector<Real> x = {1, 2, 3, 4, 5, 6, inf, -inf, inf, 1, 1, 1};
  const std::vector<std::int64_t> offsets = {0, 1, 3, 4};
  const auto outputs = learner.predict(fast, {x, {}, {}, {}, offsets}, {inputs, 1, 0});
  ASSERT_EQ(outputs.size(), 4u);
  EXPECT_EQ(outputs[0], 6);
  EXPECT_EQ(outputs[1], 11);
  const std::vector<Real> nan = {std::numeric_limits<Real>::quiet_NaN()};
  EXPECT_EQ(bits(std::span<const Real>(outputs).subspan(2, 1)), bits<Real>(nan))
      << "inf - inf is the one NaN";
  EXPECT_EQ(bits(std::span<const Real>(outputs).subspan(3, 1)), bits<Real>(nan)) << "a bad task";
  EXPECT_THROW(learner.predict(fast, {x, {}, {}, {}, std::span(offsets).first(3)}, {inputs, 1, 0}),
               DataError);
  EXPECT_THROW(learner.predict({{1}, fast.status, {}}, {x, {}, {}, {}, offsets}, {inputs, 1, 0}),
               InvalidArgument);
}

TYPED_TEST(MetaLearnerOf, ChecksItsInput) {
  using Real = TypeParam;
  auto learner = make_learner<Real>(MetaSgd{});
  EXPECT_EQ(learner.parameters().rates, std::vector<Real>(parameters_count, Real(0.01)));
  expect_error<ModelError>(
      [&] {
        learner.set_parameters({{1, 2}, {3}});
      },
      "parameters: 2 weights and 1 learned rates do not fit a model with 4 and 4");
  expect_error<ModelError>(
      [&] {
        learner.set_optimizer_state({.step = 1, .first = {1, 2}, .second = {}});
      },
      "optimizer state: 2 values do not fit 8 parameters");
  expect_error<InvalidArgument>([] { make_learner<Real>(Maml{}, -1); },
                                "chunk must be at least 0 (0 = all), is -1");
  EXPECT_THROW(make_learner<Real>(Maml{{.steps = -1}}), InvalidArgument);
  EXPECT_THROW(make_learner<Real>(Maml{}, 0, {.beta1 = 2}), InvalidArgument);
  const auto no_query = BasicTaskBatch<Real>::own({inputs, 1, 0}, {{1, 2, 3}, {1}, {}, {}, {0, 1}},
                                                  {{}, {}, {}, {}, {0, 0}}, {77});
  expect_error<DataError>([&] { learner.meta_gradient(no_query); },
                          "task batch: task 0 (id 77) has an empty query set");
  const int steps[] = {1};
  EXPECT_THROW(learner.evaluate(no_query, steps), DataError);
  EXPECT_EQ(learner.adapt(no_query, 1).status[0], TaskStatus::good) << "an empty query set is fine here";
}

TYPED_TEST(MetaLearnerOf, RefusesRowsAndResultsOnADeviceWhereTheBackendHasNone) {
  using Real = TypeParam;
  const auto learner = make_learner<Real>(Maml{});
  const auto host = as<Real>(random_tasks(1, 3, 1, 2));
  TaskSet<Real> support = host.support(), query = host.query();
  support.device = query.device = 1;
  const auto tasks = BasicTaskBatch<Real>::borrow(host.columns(), support, query, host.ids());
  const std::string rest = " rows are in memory of CUDA device 1, which backend quadratic cannot read";
  const int steps[] = {1};
  expect_error<InvalidArgument>([&] { learner.meta_gradient(tasks); }, "support" + rest);
  expect_error<InvalidArgument>([&] { learner.require_trainable(tasks); }, "support" + rest);
  expect_error<InvalidArgument>([&] { learner.adapt(tasks, 1); }, "support" + rest);
  expect_error<InvalidArgument>([&] { learner.evaluate(tasks, steps); }, "support" + rest);
  expect_error<InvalidArgument>([&] { learner.predict(learner.adapt(host, 1), query, host.columns()); },
                                "predict:" + rest);
  const std::string refusal =
      "only the cuda backend keeps results on the device, and this is backend quadratic";
  expect_error<InvalidArgument>([&] { learner.meta_gradient_to(host, {}); }, refusal);
  expect_error<InvalidArgument>([&] { learner.adapt_to(host, 1, {}); }, refusal);
  expect_error<InvalidArgument>([&] { learner.evaluate_to(host, steps, {}); }, refusal);
}

}  // namespace
}  // namespace shoal::testing
