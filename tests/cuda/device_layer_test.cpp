// SPDX-License-Identifier: Apache-2.0
// The device layer as the backend uses it: choice of a device, errors that name call and location, memory
// that runs out, graphs, and training in which every call fails in turn.
// Covers cuda_options, runtime/*.
#include "cuda/runtime/device.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include <shoal/trainer.hpp>

#include "cuda/runtime/array.hpp"
#include "cuda/runtime/graph.hpp"
#include "cuda_under_test.hpp"
#include "kernels/update/meta_update.hpp"
#include "simt/device_host.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

using namespace cuda;

class DeviceLayer : public ::testing::Test {
 protected:
  void TearDown() override { simt::set_device({}); }
};

TrainOptions iterations(std::int64_t count, std::int64_t tasks) {
  TrainOptions options;
  options.iterations = count;
  options.tasks_per_batch = tasks;
  return options;
}

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

TEST_F(DeviceLayer, TheDeviceIsChosenByNumber) {
  simt::set_device({.devices = 4});
  std::string detail;
  for (const int wrong : {4, -1}) {
    const std::string want =
        "device " + std::to_string(wrong) + " is none of the 4 visible CUDA devices (numbered from 0)";
    EXPECT_EQ(message_of<InvalidArgument>([&] { Context({.backend = BackendKind::cuda, .device = wrong}); }),
              want);
    EXPECT_FALSE(cuda_available(wrong, detail));
    EXPECT_EQ(detail, want);
  }
  EXPECT_NO_THROW(Context({.backend = BackendKind::cuda, .device = 3}));
  EXPECT_TRUE(cuda_available(3, detail));
  EXPECT_EQ(detail, "device 3 of 4: host, sm_90, 3 multiprocessors, 1024 MiB");
  EXPECT_TRUE(cuda_available({}, detail));
  EXPECT_EQ(detail, "device 0 of 4: host, sm_90, 3 multiprocessors, 1024 MiB");
}

TEST_F(DeviceLayer, AnErrorNamesCallTextAndPlace) {
  Stream stream;
  simt::set_device({.fails_at = 1});
  unsigned line = 0;
  try {
    line = __LINE__ + 1;
    allocate(stream, 4096);
    FAIL() << "no error";
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.call(), "cudaMallocAsync of 4096 bytes");
    EXPECT_EQ(error.where().line(), line);
    EXPECT_EQ(std::string(error.what()),
              "cuda: cudaMallocAsync of 4096 bytes: planted failure (device_layer_test.cpp:" +
                  std::to_string(line) + ")");
    EXPECT_EQ(error.exit_code(), 6);
  }
}

TEST_F(DeviceLayer, MemoryThatRunsOutNamesTheBytes) {
  const long before = simt::live_objects();
  {
    const Context context({.backend = BackendKind::cuda});
    const ModelSpec model{.hidden = {8}};
    MetaLearner learner(context, {.model = model});
    const auto source = make_sinusoid({});
    simt::set_device({.memory = 20'000});
    const std::string message =
        message_of<ResourceError>([&] { train<float>(learner, *source, iterations(1, 25)); });
    EXPECT_NE(message.find("bytes: cudaErrorMemoryAllocation"), std::string::npos) << message;
    EXPECT_NE(message.find("src/cuda/"), std::string::npos) << message;
    EXPECT_LE(simt::live_bytes(), 20'000);
    const std::string other =
        message_of<ResourceError>([&] { learner.meta_gradient(source->sample(Phase::train, 0, 25)); });
    EXPECT_NE(other.find("bytes: cudaErrorMemoryAllocation"), std::string::npos) << other;
    // When there is memory again, the same learner works as before.
    simt::set_device({});
    train<float>(learner, *source, iterations(3, 25));
    const Context cpu({.backend = BackendKind::cpu, .threads = 1});
    MetaLearner want(cpu, {.model = model});
    train<float>(want, *source, iterations(3, 25));
    EXPECT_EQ(learner.parameters().theta, want.parameters().theta);
  }
  EXPECT_EQ(simt::live_objects(), before);
}

TEST_F(DeviceLayer, GraphsRunWhatWasCapturedAsOftenAsLaunched) {
  Stream stream;
  DeviceArray<long long> from, to;
  PinnedArray<long long> in, out;
  constexpr std::size_t sets = 3, digits = kernels::exact_digits;
  const auto values = in.reserve(sets * digits);
  std::fill(values.begin(), values.end(), 0);
  Graph graph;
  EXPECT_TRUE(graph.empty());
  const auto work = [&] {
    stream.copy_to_device(from.reserve(stream, sets * digits), values.data(), values.size_bytes());
    kernels::launch_sum_sets(from.reserve(stream, sets * digits), sets, 1, to.reserve(stream, digits),
                             stream.handle());
    stream.check("sum over sets");
    stream.copy_to_host(out.reserve(1).data(), to.reserve(stream, digits) + digits - 1, sizeof(long long));
  };
  from.reserve(stream, sets * digits), to.reserve(stream, digits);
  out.reserve(1)[0] = -1;
  const long kernels = device_counts().kernels, ran = simt::launches_run(), graphs = simt::graphs_run();
  graph.capture(stream, work);
  EXPECT_EQ(graph.kernels(), 1);
  stream.synchronize("nothing");
  EXPECT_EQ(out.reserve(1)[0], -1) << "capturing does nothing";
  EXPECT_EQ(device_counts().kernels, kernels);
  for (const long long first : {5, 7}) {
    values[digits - 1] = first, values[2 * digits - 1] = 20, values[3 * digits - 1] = 300;
    graph.launch(stream);
    stream.synchronize("graph");
    EXPECT_EQ(out.reserve(1)[0], first + 320);
  }
  EXPECT_EQ(device_counts().kernels, kernels + 2);
  EXPECT_EQ(simt::launches_run(), ran + 2) << "what is counted is what ran";
  EXPECT_EQ(simt::graphs_run(), graphs + 2);
  EXPECT_THROW(graph.capture(stream, [&] { throw std::runtime_error("in the middle"); }), std::runtime_error);
  EXPECT_TRUE(graph.empty());
  work();
  stream.synchronize("without a graph");
  EXPECT_EQ(device_counts().kernels, kernels + 3);
}

TEST_F(DeviceLayer, CopiesTakePlaceWhenTheDeviceGetsThere) {
  Stream stream;
  Event start, end;
  DeviceArray<int> array;
  PinnedArray<int> pinned;
  int pageable = 1;
  pinned.reserve(1)[0] = 1;
  start.wait();  // never recorded
  start.record(stream);
  array.upload(stream, std::span<const int>(pinned.reserve(1)));
  pinned.reserve(1)[0] = 2;
  stream.copy_to_host(&pageable, array.reserve(stream, 1), sizeof(int));
  EXPECT_EQ(pageable, 1);
  end.record(stream);
  end.wait();
  EXPECT_EQ(pageable, 2) << "the staging memory was filled again too early, and it shows";
  array.upload_and_wait(stream, std::vector<int>{3});
  stream.copy_to_host(&pageable, array.reserve(stream, 1), sizeof(int));
  stream.synchronize("copies");
  EXPECT_EQ(pageable, 3);
  EXPECT_GE(end.milliseconds_since(start), 0.0f);
}

TEST_F(DeviceLayer, NoModelsGiveNoPredictions) {
  for (const bool layers : {false, true}) {
    cuda_under_test.layer_by_layer = layers;
    const Context context({.backend = BackendKind::cuda});
    const MetaLearner learner(context, {.model = {.hidden = {2}}});
    const std::int64_t none[] = {0};
    TaskSet<float> set;
    set.row_starts = none;
    EXPECT_TRUE(learner.predict({}, set, {}).empty());
  }
  cuda_under_test = {};
}

TEST_F(DeviceLayer, TheSessionsPhasesHaveRanges) {
  const Context context({.backend = BackendKind::cuda});
  MetaLearner learner(context, {.model = {.hidden = {2}}});
  const auto source = make_sinusoid({.support = 2, .query = 2});
  simt::take_ranges();
  learner.meta_step(source->sample(Phase::train, 0, 3));
  EXPECT_EQ(simt::take_ranges(),
            (std::vector<std::string>{"shoal: meta-iteration", "shoal: upload tasks", "shoal: prepare",
                                      "shoal: launch", "shoal: wait"}));
  learner.meta_step(source->sample(Phase::train, 1, 3));
  EXPECT_EQ(simt::take_ranges(), (std::vector<std::string>{"shoal: meta-iteration", "shoal: upload tasks",
                                                           "shoal: launch", "shoal: wait"}));
}

/// Distance from one failing call to the next; checked runs are slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long stride = 11;
#else
constexpr long stride = 1;
#endif

/// The final state that a run must reach although it fails and continues.
struct Finished {
  MetaParameters<float> parameters;
  OptimizerState<float> optimizer;
  void expect(const MetaLearner& got) const {
    ASSERT_EQ(got.parameters().theta, parameters.theta);
    ASSERT_EQ(got.parameters().rates, parameters.rates);
    ASSERT_EQ(got.optimizer_state().first, optimizer.first);
    ASSERT_EQ(got.optimizer_state().second, optimizer.second);
    ASSERT_EQ(got.optimizer_state().step, optimizer.step);
  }
};

/// Runs steps[i](learner) one after another; a step that fails must change nothing and is repeated.
template <class Steps>
void expect_every_failure_survived(const MetaLearner::Options& options, const MetaParameters<float>& start,
                                   Steps steps) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  MetaLearner want(cpu, options);
  want.set_parameters(start);
  for (const auto& step : steps) step(want);
  const Finished finished{want.parameters(), want.optimizer_state()};
  const long before = simt::live_objects();
  bool all_called = false;
  for (long n = 1; !all_called; n += stride) {
    ASSERT_LT(n, 1000);
    const Context cuda({.backend = BackendKind::cuda});
    MetaLearner learner(cuda, options);
    learner.set_parameters(start);
    simt::set_device({.fails_at = n});
    int failures = 0;
    for (const auto& step : steps) {
      try {
        step(learner);
        continue;
      } catch (const ResourceError& error) {
        ++failures;
        ASSERT_NE(std::string(error.what()).find("planted failure"), std::string::npos);
      }
      simt::set_device({});
      step(learner);
    }
    all_called = failures == 0;
    if (all_called) {
      ASSERT_GT(n, 60);
    }
    simt::set_device({});
    finished.expect(learner);
    if (::testing::Test::HasFatalFailure()) {
      ADD_FAILURE() << "after failure of call " << n;
      return;
    }
  }
  EXPECT_EQ(simt::live_objects(), before);
}

TEST_F(DeviceLayer, AStepThatFailsAnywhereHasChangedNothing) {
  std::mt19937_64 random(81);
  RandomCase c;
  while (c.tasks.size() < 3)
    c = random_case(random, "meta-sgd", LossKind::pinball, Activation::tanh,
                    {.most_tasks = 4,
                     .most_rows = 3,
                     .most_inputs = 2,
                     .most_width = 3,
                     .most_depth = 1,
                     .most_steps = 1});
  const Optimizer optimizer{.kind = OptimizerKind::adamw, .weight_decay = 0.1, .clip = 0.01};
  std::vector<std::function<void(MetaLearner&)>> steps;
  for (int i = 0; i < 4; ++i)
    steps.push_back([&c, i](MetaLearner& learner) {
      std::vector<std::int64_t> chosen;
      for (std::int64_t t = i / 2; t < c.tasks.size(); ++t) chosen.push_back(t);
      learner.meta_step(i == 3 ? c.tasks : c.tasks.select(chosen));
    });
  steps.insert(steps.begin() + 2, [](MetaLearner& learner) { learner.parameters(); });
  expect_every_failure_survived(
      {.model = c.model, .loss = c.loss, .algorithm = c.algorithm, .optimizer = optimizer}, c.parameters,
      steps);
}

TEST_F(DeviceLayer, AnIterationOverDrawnTasksThatFailsHasChangedNothing) {
  const auto source = make_xsinx_window({.support = 3, .query = 2, .noise = 0.1});
  const MetaLearner::Options options{.model = {.hidden = {3}},
                                     .algorithm = Maml{{.steps = 1, .max_move = 0.02}},
                                     .optimizer = {.kind = OptimizerKind::momentum}};
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  // A step is one iteration of a run, whose checkpoints are the state of the learner.
  class Memory final : public RunStore<float> {
   public:
    Memory(MetaLearner& learner, std::int64_t iteration) : learner_(learner), iteration_(iteration) {}
    void append(const TrainMetrics&) override {}
    void append(const Validation&) override {}
    void save(const Checkpoint<float>&) override {}
    void thin(std::int64_t, std::int64_t) override {}
    std::optional<Checkpoint<float>> load() override {
      return Checkpoint<float>{iteration_, 0, 0, learner_.parameters(), learner_.optimizer_state(), {}};
    }

   private:
    MetaLearner& learner_;
    std::int64_t iteration_;
  };
  std::vector<std::function<void(MetaLearner&)>> steps;
  for (std::int64_t i = 0; i < 3; ++i)
    steps.push_back([&source, i](MetaLearner& learner) {
      if (learner.optimizer_state().step > i) return;  // only the checkpoint after the step failed
      Memory memory(learner, i);
      train<float>(learner, *source, iterations(i + 1, 5), &memory, StartFrom::checkpoint);
    });
  expect_every_failure_survived(options, MetaLearner(cpu, options).parameters(), steps);
}

}  // namespace
}  // namespace shoal::testing
