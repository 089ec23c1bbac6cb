// SPDX-License-Identifier: Apache-2.0
// Batches whose rows are on the device: they give the bits and the errors of the same batch on the host, and
// memory that a context cannot read is refused.
// Covers caller_memory, device_row_checks, row_checks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include <shoal/error.hpp>
#include <shoal/trainer.hpp>

#include "cuda/runtime/counts.hpp"
#include "regime_test_fixture.hpp"
#include "support/bits.hpp"
#include "support/device_copies.hpp"
#include "support/random_case.hpp"
#include "support/spoiled_tasks.hpp"

namespace shoal::testing {
namespace {

using DeviceBatches = RegimeTest;

template <class Error, class Work>
std::string message_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error";
  return "";
}

void expect_same(const MetaGradient<float>& got, const MetaGradient<float>& want, const std::string& what) {
  ASSERT_EQ(got.status, want.status) << what;
  ASSERT_EQ(got.failed_step, want.failed_step) << what;
  ASSERT_EQ(bits(got.query_loss), bits(want.query_loss)) << what;
  ASSERT_EQ(bits(got.fast_weights), bits(want.fast_weights)) << what;
  ASSERT_EQ(bits(got.theta), bits(want.theta)) << what;
  ASSERT_EQ(bits(got.rates), bits(want.rates)) << what;
}

TEST_P(DeviceBatches, HaveTheBitsOfTheHost) {
  const CallersStream stream;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
      cuda({.backend = BackendKind::cuda, .stream = stream});
  std::mt19937_64 random(61);
  for (int round = 0; round < random_problems; ++round) {
    set_thread_order(round);
    RandomCase c = random_case(random, GetParam().limits);
    c.tasks = spoiled(random, c.tasks);
    const DeviceBatch batch(c.tasks, stream);
    MetaLearner want = learner_for<float>(cpu, c), got = learner_for<float>(cuda, c);
    const int steps = uniform_int(random, 0, 3), points[] = {0, 1, 3};
    const auto want_models = want.adapt(c.tasks, steps), got_models = got.adapt(batch.tasks(), steps);
    ASSERT_EQ(bits(got_models.phi), bits(want_models.phi)) << c.describe();
    ASSERT_EQ(got_models.status, want_models.status) << c.describe();
    const auto want_losses = want.evaluate(c.tasks, points), got_losses = got.evaluate(batch.tasks(), points);
    ASSERT_EQ(bits(got_losses.loss), bits(want_losses.loss)) << c.describe();
    ASSERT_EQ(got_losses.status, want_losses.status) << c.describe();
    ASSERT_EQ(bits(got.predict(want_models, batch.tasks().query(), c.tasks.columns())),
              bits(want.predict(want_models, c.tasks.query(), c.tasks.columns())))
        << c.describe();
    if (c.algorithm_name == "pooled") {
      EXPECT_NE(message_of<InvalidArgument>([&] { got.meta_gradient(batch.tasks()); }).find("pooled"),
                std::string::npos);
      continue;
    }
    expect_same(got.meta_gradient(batch.tasks(), KeepFastWeights::yes),
                want.meta_gradient(c.tasks, KeepFastWeights::yes), c.describe());
    expect_same(learner_for<float>(cuda, c, 2).meta_gradient(batch.tasks()), want.meta_gradient(c.tasks),
                "in chunks, " + c.describe());
    for (int step = 0; step < 2; ++step)
      expect_same(got.meta_step(batch.tasks()), want.meta_step(c.tasks), c.describe());
    ASSERT_EQ(bits(got.parameters().theta), bits(want.parameters().theta)) << c.describe();
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Regimes, DeviceBatches,
    ::testing::Values(
        Regime{"warp", {}, {.most_tasks = 9}},
        Regime{"rows_of_many_lanes", {}, {.most_tasks = 3, .most_rows = 70, .most_inputs = 9}},
        Regime{"layers", {.layer_by_layer = true}, {.most_tasks = 4, .most_rows = 20, .most_width = 20}}),
    [](const auto& regime) { return std::string(regime.param.name); });

/// A source with two batches on the device, used alternately.
class DeviceSource final : public TaskSource {
 public:
  DeviceSource(std::unique_ptr<TaskSource> host, cudaStream_t stream)
      : host_(std::move(host)),
        batches_{DeviceBatch(host_->sample(Phase::train, 0, 6), stream),
                 DeviceBatch(host_->sample(Phase::train, 1, 6), stream)} {}
  TaskColumns columns() const override { return host_->columns(); }
  std::optional<std::int64_t> size(Phase phase) const override { return host_->size(phase); }
  TaskBatch sample(Phase, std::int64_t iteration, std::int64_t) const override {
    return batches_[iteration % 2].tasks();
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override {
    return host_->evaluation(phase, tasks);
  }

 private:
  std::unique_ptr<TaskSource> host_;
  DeviceBatch batches_[2];
};

/// The same batches on the host.
class HostSource final : public TaskSource {
 public:
  explicit HostSource(std::unique_ptr<TaskSource> host) : host_(std::move(host)) {}
  TaskColumns columns() const override { return host_->columns(); }
  std::optional<std::int64_t> size(Phase phase) const override { return host_->size(phase); }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return host_->sample(phase, iteration % 2, tasks);
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override {
    return host_->evaluation(phase, tasks);
  }

 private:
  std::unique_ptr<TaskSource> host_;
};

TEST(DeviceBatch, IsTrainedOnInPlace) {
  const CallersStream stream;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
      cuda({.backend = BackendKind::cuda, .stream = stream});
  const MetaLearner::Options options{.model = {.hidden = {6}}, .algorithm = Maml{{.steps = 2}}};
  MetaLearner want(cpu, options), got(cuda, options);
  TrainOptions training;
  training.iterations = 7;
  training.tasks_per_batch = 6;
  const GeneratorOptions tasks{.support = 3, .query = 4};
  train<float>(want, HostSource(make_xsinx_window(tasks)), training);
  train<float>(got, DeviceSource(make_xsinx_window(tasks), stream), training);
  EXPECT_EQ(bits(got.parameters().theta), bits(want.parameters().theta));
}

TEST(DeviceBatch, OneBufferThatIsFilledAgainNeedsOneGraph) {
  const CallersStream stream;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
      cuda({.backend = BackendKind::cuda, .stream = stream});
  const MetaLearner::Options options{.model = {.hidden = {6}}, .algorithm = Maml{{.steps = 2}}};
  MetaLearner want(cpu, options), got(cuda, options);
  const auto source = make_sinusoid({.support = 3, .query = 4});
  const TaskBatch first = source->sample(Phase::train, 0, 5);
  const DeviceValues<float> support_x(first.support().x, stream), support_y(first.support().y, stream),
      query_x(first.query().x, stream), query_y(first.query().y, stream);
  long captures = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    const TaskBatch host = source->sample(Phase::train, i, 5);
    support_x.fill(host.support().x), support_y.fill(host.support().y);
    query_x.fill(host.query().x), query_y.fill(host.query().y);
    const auto batch = TaskBatch::borrow(
        host.columns(),
        {.x = support_x.all(), .y = support_y.all(), .row_starts = host.support().row_starts, .device = 0},
        {.x = query_x.all(), .y = query_y.all(), .row_starts = host.query().row_starts, .device = 0},
        host.ids());
    EXPECT_EQ(bits(got.meta_step(batch).theta), bits(want.meta_step(host).theta));
    if (i == 0) captures = cuda::device_counts().captures;
  }
  EXPECT_EQ(cuda::device_counts().captures, captures);
  EXPECT_EQ(bits(got.parameters().theta), bits(want.parameters().theta));
}

/// Tasks with `rows` rows on both sides; values are taken from `x` and `y` in turn.
TaskBatch tasks_with(const std::vector<std::int64_t>& rows, const std::vector<float>& y,
                     const std::vector<std::int64_t>& labels = {}) {
  TaskSetStorage<float> storage;
  for (const std::int64_t count : rows) storage.row_starts.push_back(storage.row_starts.back() + count);
  storage.x.assign(static_cast<std::size_t>(storage.row_starts.back()), 0.5f);
  storage.y = y;
  storage.labels = labels;
  std::vector<std::int64_t> ids;
  for (std::size_t t = 0; t < rows.size(); ++t) ids.push_back(100 + static_cast<std::int64_t>(t));
  return TaskBatch::own({1, labels.empty() ? 1 : 0, 0}, storage, storage, ids);
}

TEST(DeviceBatch, ATargetThatTheLossHasNoPlaceForIsNamedAsOnTheHost) {
  const CallersStream stream;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
      cuda({.backend = BackendKind::cuda, .stream = stream});
  std::vector<float> y(90, 0.5f);
  y[41] = 1.5f, y[88] = -1.0f;  // rows of task 2, which begins at row 40, and of the last task
  const TaskBatch tasks = tasks_with({40, 0, 45, 5}, y);
  const DeviceBatch batch(tasks, stream);
  for (const LossKind kind : {LossKind::bce, LossKind::qlike}) {
    const MetaLearner::Options options{.model = {.hidden = {2}}, .loss = {.kind = kind}};
    const MetaLearner want(cpu, options), got(cuda, options);
    for (int order = 0; order < 3; ++order) {
      set_thread_order(order);
      EXPECT_EQ(message_of<DataError>([&] { got.adapt(batch.tasks(), 1); }),
                message_of<DataError>([&] { want.adapt(tasks, 1); }));
    }
    set_thread_order(0);
    // These operations do not use targets.
    EXPECT_EQ(bits(got.adapt(batch.tasks(), 0).phi), bits(want.adapt(tasks, 0).phi));
    // Afterwards the learner accepts correct rows.
    const TaskBatch good = tasks_with({3, 2}, {1.0f, 0.5f, 0.25f, 1.0f, 0.5f});
    EXPECT_EQ(bits(got.adapt(DeviceBatch(good, stream).tasks(), 1).phi), bits(want.adapt(good, 1).phi));
  }
}

TEST(DeviceBatch, ALabelThatIsNoClassIsNamed) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda, .stream = stream});
  const MetaLearner learner(cuda, {.model = {.outputs = 3}, .loss = {.kind = LossKind::softmax}});
  const auto message_for = [&](std::int64_t bad) {
    std::vector<std::int64_t> labels(70, 2);
    const DeviceBatch host(tasks_with({40, 30}, {}, labels), stream);
    labels[43] = labels[69] = bad;
    const DeviceValues<std::int64_t> values(std::span<const std::int64_t>(labels), stream);
    TaskSet<float> query = host.tasks().query();
    query.labels = values.all();
    const auto batch =
        TaskBatch::borrow(host.tasks().columns(), host.tasks().support(), query, host.tasks().ids());
    return message_of<DataError>([&] { learner.meta_gradient(batch); });
  };
  EXPECT_EQ(message_for(3),
            "task batch: query label of task 1 (id 101), row 3 (query_y) is 3, but there are only 3 classes: "
            "labels are 0 to 2");
  EXPECT_NE(message_for(-1).find("row 3 (query_y) is -1,"), std::string::npos);
}

TEST(DeviceBatch, MemoryThatTheContextCannotReadIsRefused) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda, .stream = stream});
  const MetaLearner learner(cuda, {.model = {.hidden = {2}}});
  const TaskBatch host = make_sinusoid({})->sample(Phase::train, 0, 3);
  const DeviceBatch batch(host, stream);
  const auto message_with = [&](auto change) {
    TaskSet<float> support = batch.tasks().support(), query = batch.tasks().query();
    change(support, query);
    const auto tasks = TaskBatch::borrow(host.columns(), support, query, host.ids());
    return message_of<InvalidArgument>([&] { learner.meta_gradient(tasks); });
  };
  EXPECT_EQ(message_with([](auto& support, auto& query) { support.device = query.device = 7; }),
            "support rows are said to be in memory of device 7, and the context computes on device 0");
  EXPECT_EQ(message_with([&](auto&, auto& query) { query.y = host.query().y; }),
            "query y: byte 0 of 120 is not in memory of a CUDA device");
  EXPECT_EQ(message_with([&](auto& support, auto&) {
              const auto* const bytes = reinterpret_cast<const char*>(support.x.data()) + 2;
              support.x = {reinterpret_cast<const float*>(bytes), support.x.size()};
            }),
            "support x is not aligned to 4 bytes");
#if defined(SHOAL_SIMT)  // elsewhere the memory after it may be valid memory of a pool
  const DeviceValues<float> fewer(20, stream);
  EXPECT_EQ(message_with([&](auto& support, auto&) {
              support.x = {fewer.all().data(), 30};
            }),
            "support x: byte 119 of 120 is not in memory of a CUDA device");
#endif
}

TEST(DeviceBatch, BackendsOfTheHostRefuseIt) {
  const CallersStream stream;
  const TaskBatch host = make_sinusoid({})->sample(Phase::train, 0, 3);
  const DeviceBatch batch(host, stream);
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  MetaLearner learner(cpu, {.model = {.hidden = {2}}});
  const std::string want = "rows are in memory of CUDA device 0, which backend cpu cannot read";
  const int points[] = {0};
  EXPECT_EQ(message_of<InvalidArgument>([&] { learner.meta_gradient(batch.tasks()); }), "support " + want);
  EXPECT_EQ(message_of<InvalidArgument>([&] { learner.meta_step(batch.tasks()); }), "support " + want);
  EXPECT_EQ(message_of<InvalidArgument>([&] { learner.adapt(batch.tasks(), 1); }), "support " + want);
  EXPECT_EQ(message_of<InvalidArgument>([&] { learner.evaluate(batch.tasks(), points); }), "support " + want);
  EXPECT_EQ(message_of<InvalidArgument>([&] { learner.plan(batch.tasks()); }), "support " + want);
  const auto models = learner.adapt(host, 1);
  EXPECT_EQ(
      message_of<InvalidArgument>([&] { learner.predict(models, batch.tasks().query(), host.columns()); }),
      "predict: " + want);
}

}  // namespace
}  // namespace shoal::testing
