// SPDX-License-Identifier: Apache-2.0
// Results that stay on the device, in the caller's memory, have the bits of the results on the host.
// Covers core/device_results, result_delivery, result_packing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

#include "regime_test_fixture.hpp"
#include "support/bits.hpp"
#include "support/device_copies.hpp"
#include "support/random_case.hpp"
#include "support/spoiled_tasks.hpp"

namespace shoal::testing {
namespace {

using DeviceResults = RegimeTest;

TEST_P(DeviceResults, HaveTheBitsOfThoseOnTheHost) {
  const CallersStream stream;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
      cuda({.backend = BackendKind::cuda, .stream = stream});
  std::mt19937_64 random(62);
  for (int round = 0; round < random_problems; ++round) {
    set_thread_order(round);
    RandomCase c = random_case(random, GetParam().limits);
    c.tasks = spoiled(random, c.tasks);
    const MetaLearner want = learner_for<float>(cpu, c), got = learner_for<float>(cuda, c);
    const auto tasks = static_cast<std::size_t>(c.tasks.size());
    const std::size_t weights = want.layout().size(), rates = want.rate_layout().size();

    const auto gradient = want.meta_gradient(c.tasks, KeepFastWeights::yes);
    const DeviceValues<float> theta(weights, stream), of_rates(rates, stream), before(tasks, stream),
        after(tasks, stream), models(tasks * weights, stream), mean(2, stream);
    const DeviceValues<TaskStatus> status(tasks, stream);
    const DeviceValues<std::int32_t> failed_step(tasks, stream), good(1, stream);
    got.meta_gradient_to(c.tasks, {.theta = theta.all(),
                                   .rates = of_rates.all(),
                                   .query_loss_before = before.all(),
                                   .query_loss = after.all(),
                                   .status = status.all(),
                                   .failed_step = failed_step.all(),
                                   .fast_weights = models.all(),
                                   .mean_query_loss = mean.all(),
                                   .good = good.all()});
    ASSERT_EQ(bits(theta.fetch()), bits(gradient.theta)) << c.describe();
    ASSERT_EQ(bits(of_rates.fetch()), bits(gradient.rates)) << c.describe();
    ASSERT_EQ(bits(before.fetch()), bits(gradient.query_loss_before)) << c.describe();
    ASSERT_EQ(bits(after.fetch()), bits(gradient.query_loss)) << c.describe();
    ASSERT_EQ(status.fetch(), gradient.status) << c.describe();
    ASSERT_EQ(failed_step.fetch(), gradient.failed_step) << c.describe();
    ASSERT_EQ(bits(models.fetch()), bits(gradient.fast_weights)) << c.describe();
    ASSERT_EQ(bits(mean.fetch()),
              bits(std::vector{gradient.mean_query_loss_before, gradient.mean_query_loss}))
        << c.describe();
    ASSERT_EQ(good.fetch()[0], gradient.good) << c.describe();

    const int steps = uniform_int(random, 0, 3);
    const auto adapted = want.adapt(c.tasks, steps);
    got.adapt_to(c.tasks, steps,
                 {.phi = models.all(), .status = status.all(), .failed_step = failed_step.all()});
    ASSERT_EQ(bits(models.fetch()), bits(adapted.phi)) << c.describe();
    ASSERT_EQ(status.fetch(), adapted.status) << c.describe();
    ASSERT_EQ(failed_step.fetch(), adapted.failed_step) << c.describe();

    const int points[] = {0, 1, 3};
    const auto losses = want.evaluate(c.tasks, points);
    const DeviceValues<float> loss(3 * tasks, stream);
    const DeviceValues<TaskStatus> point_status(3 * tasks, stream);
    const DeviceValues<std::int32_t> point_step(3 * tasks, stream);
    got.evaluate_to(c.tasks, points,
                    {.loss = loss.all(), .status = point_status.all(), .failed_step = point_step.all()});
    ASSERT_EQ(bits(loss.fetch()), bits(losses.loss)) << c.describe();
    ASSERT_EQ(point_status.fetch(), losses.status) << c.describe();
    ASSERT_EQ(point_step.fetch(), losses.failed_step) << c.describe();
  }
}

INSTANTIATE_TEST_SUITE_P(Regimes, DeviceResults,
                         ::testing::Values(Regime{"warp", {}, {.most_tasks = 9}},
                                           Regime{"layers",
                                                  {.layer_by_layer = true, .layered_memory = 96 * 1024},
                                                  {.most_tasks = 6, .most_rows = 20, .most_width = 12}}),
                         [](const auto& regime) { return std::string(regime.param.name); });

TEST(DeviceResult, ThatNobodyWantsIsNotWritten) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda, .stream = stream});
  const MetaLearner learner(cuda, {.model = {.hidden = {3}}});
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 5);
  EXPECT_NO_THROW(learner.meta_gradient_to(tasks, {}));
  EXPECT_NO_THROW(learner.adapt_to(tasks, 1, {}));
  const int points[] = {1};
  EXPECT_NO_THROW(learner.evaluate_to(tasks, points, {}));
  const DeviceValues<float> losses(5, stream);
  learner.meta_gradient_to(tasks, {.query_loss = losses.all()});
  EXPECT_EQ(bits(losses.fetch()), bits(learner.meta_gradient(tasks).query_loss));
}

// A caller cannot wait for a stream that the context owns, so the context waits.
TEST(DeviceResult, IsThereOnReturnWhereTheContextHasItsOwnStream) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda});
  const MetaLearner learner(cuda, {.model = {.hidden = {3}}});
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 5);
  const std::size_t weights = learner.layout().size();
  const DeviceValues<float> theta(weights, stream), phi(5 * weights, stream), loss(5, stream);
  stream.synchronize();
  const int points[] = {1};
  learner.meta_gradient_to(tasks, {.theta = theta.all()});
  EXPECT_EQ(bits(theta.fetch()), bits(learner.meta_gradient(tasks).theta));
  learner.adapt_to(tasks, 2, {.phi = phi.all()});
  EXPECT_EQ(bits(phi.fetch()), bits(learner.adapt(tasks, 2).phi));
  learner.evaluate_to(tasks, points, {.loss = loss.all()});
  EXPECT_EQ(bits(loss.fetch()), bits(learner.evaluate(tasks, points).loss));
}

TEST(DeviceResult, DeviceTimeIsCountedWhenTheResultsCome) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda, .time_device = true, .stream = stream});
  const MetaLearner learner(cuda, {.model = {.hidden = {3}}});
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 5);
  const double before = *cuda.device_seconds();
  learner.adapt_to(tasks, 2, {});
  EXPECT_GT(*cuda.device_seconds(), before);
}

template <class Work>
std::string refusal_of(Work work) {
  try {
    work();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "no error";
}

TEST(DeviceResult, MemoryThatDoesNotFitIsRefused) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda, .stream = stream}),
      cpu({.backend = BackendKind::cpu, .threads = 1});
  const MetaLearner::Options options{.model = {.hidden = {3}}};
  const MetaLearner learner(cuda, options), on_host(cpu, options);
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 5);
  const DeviceValues<float> four(4, stream), five(5, stream);
  std::vector<float> host(5);
  EXPECT_EQ(refusal_of([&] { learner.meta_gradient_to(tasks, {.query_loss = four.all()}); }),
            "results on the device: query_loss has room for 4 values, and there are 5");
  EXPECT_EQ(refusal_of([&] { learner.adapt_to(tasks, 1, {.phi = five.all()}); }),
            "results on the device: phi has room for 5 values, and there are 50");
  EXPECT_EQ(refusal_of([&] { learner.meta_gradient_to(tasks, {.query_loss = host}); }),
            "results on the device: query_loss: byte 0 of 20 is not in memory of a CUDA device");
  EXPECT_EQ(refusal_of([&] { on_host.meta_gradient_to(tasks, {.query_loss = five.all()}); }),
            "only the cuda backend keeps results on the device, and this is backend cpu");
  EXPECT_EQ(refusal_of([&] { on_host.adapt_to(tasks, 1, {}); }),
            "only the cuda backend keeps results on the device, and this is backend cpu");
  MetaLearner::Options in_chunks = options;
  in_chunks.chunk = 2;
  EXPECT_EQ(refusal_of([&] { MetaLearner(cuda, in_chunks).meta_gradient_to(tasks, {}); }),
            "results stay on the device for all tasks at once: there are 5, and chunk is 2");
  const int falling[] = {1, 0};
  EXPECT_EQ(refusal_of([&] { learner.evaluate_to(tasks, falling, {}); }),
            "evaluate_to: numbers of steps must ascend, and 0 follows 1");
  EXPECT_EQ(refusal_of([&] { learner.evaluate_to(tasks, {}, {}); }),
            "evaluate_to: no number of steps was given");
}

}  // namespace
}  // namespace shoal::testing
