// SPDX-License-Identifier: Apache-2.0
// Streams of a program: the order of its work and that of two learners, on streams that run as late as a
// device may. That is so on the host; a device, or an emulator whose streams are synchronous, gives the same
// numbers whether a wait is missing or not.
#include <gtest/gtest.h>

#include <algorithm>

#include <shoal/error.hpp>
#include <shoal/trainer.hpp>

#include "cuda_under_test.hpp"
#include "support/bits.hpp"
#include "support/device_copies.hpp"
#if defined(SHOAL_SIMT)
#include "simt/device_host.hpp"
#endif

namespace shoal::testing {
namespace {

const MetaLearner::Options options{.model = {.hidden = {6}}, .algorithm = Maml{{.steps = 2}}};

TaskBatch draw(std::int64_t iteration) {
  return make_sinusoid({.support = 4, .query = 3})->sample(Phase::train, iteration, 5);
}

std::vector<float> gradient_on_the_host(const TaskBatch& tasks) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  return MetaLearner(cpu, options).meta_gradient(tasks).theta;
}

class OwnStream : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { cuda_under_test.layer_by_layer = GetParam(); }
  void TearDown() override { cuda_under_test = {}; }
};

/// Rows of the program: one buffer for both sides, which a stream of the program fills and learners read.
class RowBuffer {
 public:
  RowBuffer(const TaskBatch& like, cudaStream_t stream)
      : x_(like.support().x.size() + like.query().x.size(), stream),
        y_(like.support().y.size() + like.query().y.size(), stream),
        stream_(stream) {}
  /// `tasks` must stay until the stream has finished the copy.
  void fill(const TaskBatch& tasks) const {
    const auto copy = [&](const DeviceValues<float>& to, std::span<const float> first,
                          std::span<const float> second) {
      must(cudaMemcpyAsync(to.all().data(), first.data(), first.size_bytes(), cudaMemcpyHostToDevice,
                           stream_));
      must(cudaMemcpyAsync(to.all().data() + first.size(), second.data(), second.size_bytes(),
                           cudaMemcpyHostToDevice, stream_));
    };
    copy(x_, tasks.support().x, tasks.query().x);
    copy(y_, tasks.support().y, tasks.query().y);
  }
  /// A batch with the sizes of `like`, whose rows are those in the buffer when it is read.
  TaskBatch view(const TaskBatch& like) const {
    const auto part = [](const DeviceValues<float>& values, std::size_t begin, std::size_t size) {
      return std::span<const float>(values.all()).subspan(begin, size);
    };
    const TaskSet<float>&support = like.support(), &query = like.query();
    return TaskBatch::borrow(like.columns(),
                             {.x = part(x_, 0, support.x.size()),
                              .y = part(y_, 0, support.y.size()),
                              .row_starts = support.row_starts,
                              .device = 0},
                             {.x = part(x_, support.x.size(), query.x.size()),
                              .y = part(y_, support.y.size(), query.y.size()),
                              .row_starts = query.row_starts,
                              .device = 0},
                             like.ids());
  }

 private:
  DeviceValues<float> x_, y_;
  cudaStream_t stream_;
};

// All on one stream: the program waits only before the host reads a result.
TEST_P(OwnStream, WorkOfTheProgramComesBeforeAndAfterAsItWasGiven) {
  const CallersStream stream;
  const Context cuda({.backend = BackendKind::cuda, .stream = stream});
  const MetaLearner learner(cuda, options);
  const TaskBatch first = draw(0), second = draw(1);
  const RowBuffer rows(first, stream);
  const std::size_t weights = learner.layout().size();
  const DeviceValues<float> gradient(weights, stream), kept(2 * weights, stream);
  const auto keep = [&](std::size_t place) {
    must(cudaMemcpyAsync(kept.all().data() + place * weights, gradient.all().data(), weights * sizeof(float),
                         cudaMemcpyDeviceToDevice, stream));
  };
  rows.fill(first);
  learner.meta_gradient_to(rows.view(first), {.theta = gradient.all()});
  keep(0);
  rows.fill(second);  // the learner has read the first rows by then, since its work comes first in the stream
  learner.meta_gradient_to(rows.view(first), {.theta = gradient.all()});
  keep(1);
  std::vector<float> want = gradient_on_the_host(first);
  const std::vector<float> other = gradient_on_the_host(second);
  want.insert(want.end(), other.begin(), other.end());
  EXPECT_EQ(bits(kept.fetch()), bits(want));
}

// The stream of a producer fills one buffer for two learners, each on a stream of its own, whose results go
// to one buffer of the program; then it fills the buffer again. The program makes every stream wait for its
// predecessor.
TEST_P(OwnStream, TwoLearnersOnTwoStreamsShareTheProgramsBuffers) {
  const CallersStream producer, one, two;
  const Context context_one({.backend = BackendKind::cuda, .stream = one}),
      context_two({.backend = BackendKind::cuda, .stream = two});
  const MetaLearner learner_one(context_one, options), learner_two(context_two, options);
  const std::size_t weights = learner_one.layout().size();
  const RowBuffer rows(draw(0), producer);
  const DeviceValues<float> gradient(weights, producer), models(5 * weights, producer);
  for (std::int64_t round = 0; round < 3; ++round) {
    const TaskBatch tasks = draw(round);
    rows.fill(tasks);
    one.wait_for(producer);
    two.wait_for(producer);
    learner_one.meta_gradient_to(rows.view(tasks), {.theta = gradient.all()});
    learner_two.adapt_to(rows.view(tasks), 2, {.phi = models.all()});
    producer.wait_for(one);
    producer.wait_for(two);
    const Context cpu({.backend = BackendKind::cpu, .threads = 1});
    ASSERT_EQ(bits(gradient.fetch()), bits(gradient_on_the_host(tasks))) << round;
    ASSERT_EQ(bits(models.fetch()), bits(MetaLearner(cpu, options).adapt(tasks, 2).phi)) << round;
  }
}

// Training steps of one learner and gradients of another, alternately on one stream.
TEST_P(OwnStream, LearnersOnOneStreamDoNotMeet) {
  const CallersStream stream;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
      cuda({.backend = BackendKind::cuda, .stream = stream});
  MetaLearner want(cpu, options), trained(cuda, options), other(cuda, options);
  const DeviceValues<float> gradient(want.layout().size(), stream);
  for (std::int64_t round = 0; round < 4; ++round) {
    const TaskBatch tasks = draw(round), again = draw(round + 10);
    other.meta_gradient_to(again, {.theta = gradient.all()});
    trained.meta_step(tasks);
    want.meta_step(tasks);
    ASSERT_EQ(bits(gradient.fetch()), bits(gradient_on_the_host(again)));
  }
  EXPECT_EQ(bits(trained.parameters().theta), bits(want.parameters().theta));
}

// Work that was submitted to the stream is done even if its learner and context are gone.
TEST_P(OwnStream, OutlivesContextAndLearner) {
  const CallersStream stream;
  const TaskBatch tasks = draw(0);
  std::optional<DeviceValues<float>> gradient;
  {
    const Context cuda({.backend = BackendKind::cuda, .stream = stream});
    const MetaLearner learner(cuda, options);
    gradient.emplace(learner.layout().size(), stream);
    learner.meta_gradient_to(tasks, {.theta = gradient->all()});
  }
  EXPECT_EQ(bits(gradient->fetch()), bits(gradient_on_the_host(tasks)));
}

TEST_P(OwnStream, MayBeCudasDefaultStream) {
  {
    const Context cpu({.backend = BackendKind::cpu, .threads = 1}),
        cuda({.backend = BackendKind::cuda, .stream = nullptr});
    MetaLearner want(cpu, options), got(cuda, options);
    TrainOptions training;
    training.iterations = 4;
    training.tasks_per_batch = 5;
    const auto source = make_sinusoid({.support = 4, .query = 3});
    train<float>(want, *source, training);
    train<float>(got, *source, training);
    EXPECT_EQ(bits(got.parameters().theta), bits(want.parameters().theta));
    const TaskBatch tasks = draw(0);
    const DeviceValues<float> gradient(want.layout().size(), nullptr);
    got.meta_gradient_to(tasks, {.theta = gradient.all()});
    EXPECT_EQ(bits(gradient.fetch()), bits(want.meta_gradient(tasks).theta));
  }
  must(cudaStreamSynchronize(nullptr));  // frees what the context had
}

INSTANTIATE_TEST_SUITE_P(Regimes, OwnStream, ::testing::Bool(),
                         [](const auto& layers) { return layers.param ? "layers" : "teams"; });

#if defined(SHOAL_SIMT)
// The streams of these tests do run late: without its wait a program gets wrong numbers, every time.
TEST(LateStreams, ShowAWaitThatAProgramForgets) {
  const CallersStream producer, reader;
  const Context cuda({.backend = BackendKind::cuda, .stream = reader});
  const MetaLearner learner(cuda, options);
  const TaskBatch tasks = draw(0);
  const RowBuffer rows(tasks, producer);
  const DeviceValues<float> gradient(learner.layout().size(), producer);
  const std::vector<float> want = gradient_on_the_host(tasks);
  // Without the wait producer -> reader the learner reads rows that are not written yet.
  rows.fill(tasks);
  learner.meta_gradient_to(rows.view(tasks), {.theta = gradient.all()});
  reader.synchronize();
  EXPECT_NE(gradient.fetch(), want);
  // Without the wait reader -> producer the result is not there yet.
  learner.meta_gradient_to(rows.view(tasks), {.theta = gradient.all()});
  EXPECT_NE(gradient.fetch(), want);
  reader.synchronize();
  EXPECT_EQ(gradient.fetch(), want);
}

TEST(OwnStreamOfAnotherDevice, IsRefused) {
  simt::set_device({.devices = 2});
  must(cudaSetDevice(1));
  {
    const CallersStream stream;
    must(cudaSetDevice(0));
    EXPECT_NO_THROW(Context({.backend = BackendKind::cuda, .stream = stream}));
    EXPECT_NO_THROW(Context({.backend = BackendKind::cuda, .device = 1, .stream = stream}));
    try {
      Context({.backend = BackendKind::cuda, .device = 0, .stream = stream});
      ADD_FAILURE() << "no error";
    } catch (const InvalidArgument& error) {
      EXPECT_STREQ(error.what(), "device 0 is not that of the stream, which is of device 1");
    }
    // The context computes on the stream's device and refuses rows of another device.
    const Context cuda({.backend = BackendKind::cuda, .stream = stream});
    const MetaLearner learner(cuda, options);
    const DeviceBatch batch(draw(0), nullptr);  // on device 0
    TaskSet<float> support = batch.tasks().support(), query = batch.tasks().query();
    support.device = query.device = 1;
    const auto tasks = TaskBatch::borrow(batch.tasks().columns(), support, query, batch.tasks().ids());
    try {
      learner.meta_gradient(tasks);
      ADD_FAILURE() << "no error";
    } catch (const InvalidArgument& error) {
      EXPECT_STREQ(error.what(), "support x is in memory of device 0, and the context computes on device 1");
    }
    must(cudaStreamSynchronize(nullptr));
  }
  simt::set_device({});
}
#endif

TEST(OwnStreamOption, IsOfTheCudaBackendAlone) {
  const CallersStream stream;
  try {
    Context({.backend = BackendKind::cpu, .threads = 1, .stream = stream});
    ADD_FAILURE() << "no error";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(),
                 "stream is an option of backend cuda, and this context has backend cpu (as asked for)");
  }
}

}  // namespace
}  // namespace shoal::testing
