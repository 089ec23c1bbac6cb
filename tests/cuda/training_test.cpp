// SPDX-License-Identifier: Apache-2.0
// Training on the cuda backend, where meta-parameters stay on the device and a meta-iteration is one graph
// launch, against the cpu backend, where the host updates: parameters, optimizer state, metrics and results
// of every step have the same bits, for random algorithms, optimizers, batches and generators.
// Covers device_state, training_session.
#include <shoal/trainer.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "cuda/runtime/counts.hpp"
#include "cuda_under_test.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

/// Trainings per test; checked runs (sanitizers, race detectors) ask for fewer.
const int rounds = [] {
  const char* requested = std::getenv("SHOAL_TEST_ROUNDS");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return std::max(4, (requested ? std::atoi(requested) : 60) / 4);
#else
  return std::max(4, (requested ? std::atoi(requested) : 1200) / 8);
#endif
}();

template <class T>
std::vector<std::uint64_t> bits(const std::vector<T>& values) {
  std::vector<std::uint64_t> result;
  for (const T value : values)
    if constexpr (sizeof(T) == 4)
      result.push_back(std::bit_cast<std::uint32_t>(value));
    else
      result.push_back(std::bit_cast<std::uint64_t>(value));
  return result;
}

void expect_same(const MetaParameters<float>& got, const MetaParameters<float>& want) {
  ASSERT_EQ(bits(got.theta), bits(want.theta));
  ASSERT_EQ(bits(got.rates), bits(want.rates));
}
void expect_same(const OptimizerState<float>& got, const OptimizerState<float>& want) {
  ASSERT_EQ(got.step, want.step);
  ASSERT_EQ(bits(got.first), bits(want.first));
  ASSERT_EQ(bits(got.second), bits(want.second));
  ASSERT_EQ(bits(std::vector{got.beta1_power, got.beta2_power}),
            bits(std::vector{want.beta1_power, want.beta2_power}));
}
void expect_same(const MetaLearner& got, const MetaLearner& want) {
  expect_same(got.parameters(), want.parameters());
  expect_same(got.optimizer_state(), want.optimizer_state());
}
void expect_same(const MetaGradient<float>& got, const MetaGradient<float>& want) {
  ASSERT_EQ(got.good, want.good);
  ASSERT_EQ(got.status, want.status);
  ASSERT_EQ(got.failed_step, want.failed_step);
  ASSERT_EQ(bits(got.query_loss_before), bits(want.query_loss_before));
  ASSERT_EQ(bits(got.query_loss), bits(want.query_loss));
  ASSERT_EQ(bits(got.theta), bits(want.theta));
  ASSERT_EQ(bits(got.rates), bits(want.rates));
  ASSERT_EQ(bits(std::vector{got.mean_query_loss_before, got.mean_query_loss}),
            bits(std::vector{want.mean_query_loss_before, want.mean_query_loss}));
}

Optimizer random_optimizer(std::mt19937_64& random) {
  constexpr OptimizerKind kinds[] = {OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adam,
                                     OptimizerKind::adamw};
  return {.kind = kinds[random() % 4],
          .learning_rate = uniform(random, 0.001, 0.05),
          .weight_decay = random() % 2 ? uniform(random, 0.0, 0.1) : 0.0,
          .clip = random() % 2 ? std::ldexp(uniform(random, 0.5, 1.0), uniform_int(random, -6, 1)) : 0.0,
          .schedule = random() % 2 ? Schedule::cosine : Schedule::constant,
          .iterations = 9};
}

MetaLearner learner_of(const Context& context, const RandomCase& c, const Optimizer& optimizer,
                       std::int64_t chunk = 0) {
  MetaLearner learner(context, {.model = c.model,
                                .loss = c.loss,
                                .algorithm = c.algorithm,
                                .optimizer = optimizer,
                                .init = {},
                                .chunk = chunk});
  learner.set_parameters(c.parameters);
  return learner;
}

/// Some tasks of the case, now and then all, in some order; some of them have a NaN or values that overflow.
TaskBatch some_tasks(std::mt19937_64& random, const RandomCase& c) {
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(c.tasks.size()));
  for (std::size_t t = 0; t < chosen.size(); ++t) chosen[t] = static_cast<std::int64_t>(t);
  std::shuffle(chosen.begin(), chosen.end(), random);
  if (random() % 2) chosen.resize(1 + random() % chosen.size());
  const TaskBatch batch = c.tasks.select(chosen);
  const auto copy = [](const TaskSet<float>& set) {
    TaskSetStorage<float> storage;
    storage.x.assign(set.x.begin(), set.x.end());
    storage.y.assign(set.y.begin(), set.y.end());
    storage.output_offset.assign(set.output_offset.begin(), set.output_offset.end());
    storage.labels.assign(set.labels.begin(), set.labels.end());
    storage.row_starts.assign(set.row_starts.begin(), set.row_starts.end());
    return storage;
  };
  TaskSetStorage<float> support = copy(batch.support()), query = copy(batch.query());
  const auto mood = random() % 8;
  for (auto* set : {&support, &query})
    for (float& x : set->x) {
      if (mood == 0) x = std::numeric_limits<float>::quiet_NaN();
      if (mood == 1 && random() % 16 == 0) x = std::numeric_limits<float>::infinity();
      if (mood == 2 && random() % 8 == 0) x *= 0x1p+40f;
    }
  return TaskBatch::own(batch.columns(), std::move(support), std::move(query),
                        {batch.ids().begin(), batch.ids().end()});
}

class Training : public ::testing::Test {
 protected:
  void TearDown() override {
    cuda_under_test = {};
    set_thread_order(0);
  }
  Context cpu_{{.backend = BackendKind::cpu, .threads = 1}};
};

TEST_F(Training, StepsOverGivenTasks) {
  std::mt19937_64 random(61);
  int failed = 0, none_good = 0;
  for (int round = 0; round < rounds; ++round) {
    set_thread_order(round);
    cuda_under_test.shared_limit = round % 3 == 0 ? 256 : round % 3 == 1 ? 24 * 1024 : 0;
    const Context cuda({.backend = BackendKind::cuda});
    const RandomCase c = random_case(random, {.most_tasks = 9, .most_rows = 7});
    const Optimizer optimizer = random_optimizer(random);
    SCOPED_TRACE(c.describe() + ", " + std::string(to_string(optimizer.kind)));
    MetaLearner want = learner_of(cpu_, c, optimizer),
                got = learner_of(cuda, c, optimizer, random() % 3 ? 0 : uniform_int(random, 1, 9));
    for (int step = 0; step < 6; ++step) {
      const TaskBatch tasks = some_tasks(random, c);
      const auto expected = want.meta_step(tasks);
      expect_same(got.meta_step(tasks), expected);
      failed += expected.good < tasks.size();
      none_good += expected.good == 0;
      if (random() % 3 == 0) expect_same(got, want);
      if (random() % 6 == 0) {  // new values for one of the two
        MetaParameters<float> moved = want.parameters();
        for (float& value : moved.theta) value *= 0.5f;
        want.set_parameters(moved);
        got.set_parameters(moved);
      }
      if (random() % 6 == 0) {
        want.set_optimizer_state({.step = 3, .beta1_power = 0.5, .beta2_power = 0.75});
        got.set_optimizer_state({.step = 3, .beta1_power = 0.5, .beta2_power = 0.75});
      }
      if (random() % 6 == 0) {  // other work in between
        const int points[] = {0, 2};
        ASSERT_EQ(bits(got.evaluate(c.tasks, points).loss), bits(want.evaluate(c.tasks, points).loss));
        ASSERT_EQ(bits(got.adapt(c.tasks, 1).phi), bits(want.adapt(c.tasks, 1).phi));
        ASSERT_EQ(bits(got.meta_gradient(c.parameters, c.tasks).theta),
                  bits(want.meta_gradient(c.parameters, c.tasks).theta));
      }
      if (HasFatalFailure()) return;
    }
    expect_same(got, want);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(failed, rounds / 4) << "the batches are to hold bad tasks";
  EXPECT_GT(none_good, 0);
}

class MemoryStore : public RunStore<float> {
 public:
  void append(const TrainMetrics& metrics) override { log.push_back(metrics); }
  void append(const Validation& validation) override { validations.push_back(validation); }
  void save(const Checkpoint<float>& checkpoint) override { saved.push_back(checkpoint); }
  std::optional<Checkpoint<float>> load() override {
    if (saved.empty()) return std::nullopt;
    const auto later = [&](const auto& line) { return line.iteration > saved.back().iteration; };
    std::erase_if(log, later);
    std::erase_if(validations, later);
    return saved.back();
  }
  void thin(std::int64_t, std::int64_t) override {}
  std::vector<TrainMetrics> log;
  std::vector<Validation> validations;
  std::vector<Checkpoint<float>> saved;
};

void expect_same(const TrainMetrics& got, const TrainMetrics& want) {
  ASSERT_EQ(got.iteration, want.iteration);
  ASSERT_EQ(bits(std::vector{got.query_loss_before, got.query_loss}),
            bits(std::vector{want.query_loss_before, want.query_loss}));
  ASSERT_EQ(got.good, want.good);
  ASSERT_EQ(got.failed, want.failed);
  ASSERT_EQ(got.failures.size(), want.failures.size());
  for (std::size_t f = 0; f < want.failures.size(); ++f) {
    ASSERT_EQ(got.failures[f].id, want.failures[f].id);
    ASSERT_EQ(got.failures[f].status, want.failures[f].status);
    ASSERT_EQ(got.failures[f].step, want.failures[f].step);
  }
}
void expect_same(const Validation& got, const Validation& want) {
  ASSERT_EQ(got.iteration, want.iteration);
  ASSERT_EQ(std::bit_cast<std::uint64_t>(got.loss), std::bit_cast<std::uint64_t>(want.loss));
  ASSERT_EQ(got.good, want.good);
  ASSERT_EQ(got.failed, want.failed);
}
void expect_same(const MemoryStore& got, const MemoryStore& want) {
  ASSERT_EQ(got.validations.size(), want.validations.size());
  for (std::size_t i = 0; i < want.validations.size(); ++i)
    expect_same(got.validations[i], want.validations[i]);
  expect_same(got.saved.back().selection.best_parameters, want.saved.back().selection.best_parameters);
  ASSERT_EQ(got.log.size(), want.log.size());
  for (std::size_t i = 0; i < want.log.size(); ++i) expect_same(got.log[i], want.log[i]);
  ASSERT_EQ(got.saved.back().iteration, want.saved.back().iteration);
  ASSERT_EQ(got.saved.back().tasks_seen, want.saved.back().tasks_seen);
  ASSERT_EQ(got.saved.back().tasks_failed, want.saved.back().tasks_failed);
  expect_same(got.saved.back().parameters, want.saved.back().parameters);
  expect_same(got.saved.back().optimizer, want.saved.back().optimizer);
}

std::unique_ptr<TaskSource> random_generator(std::mt19937_64& random) {
  const GeneratorOptions options{.seed = random(),
                                 .support = uniform_int(random, 0, 6),
                                 .query = uniform_int(random, 1, 7),
                                 .noise = random() % 2 ? uniform(random, 0.0, 0.5) : 0.0};
  switch (random() % 4) {
    case 0:
      return make_sinusoid(options);
    case 1:
      return make_xsinx(options);
    case 2:
      return make_xsinx(options, "uniform", -3.0, 2.0);
    default:
      return make_xsinx_window(options);
  }
}

/// A case for tasks with one input and one target that need no checks.
RandomCase generator_case(std::mt19937_64& random) {
  for (;;) {
    RandomCase c = random_case(random, {.most_tasks = 1, .most_inputs = 1});
    if (c.loss.kind == LossKind::qlike) c.loss.floor = 0.125;
    if (c.tasks.columns() != TaskColumns{1, 1, 0} || c.loss.domain().is_bounded()) continue;
    if (random() % 4 == 0) {  // steps that go too far, so that tasks fail
      AlgorithmOptions options = options_of(c.algorithm);
      options.max_move = uniform(random, 0.01, 0.3);
      c.algorithm = make_algorithm(name_of(c.algorithm), options);
    }
    return c;
  }
}

TEST_F(Training, OverGeneratorsKilledAndResumed) {
  std::mt19937_64 random(62);
  std::int64_t failed = 0;
  for (int round = 0; round < rounds; ++round) {
    set_thread_order(round);
    const Context cuda({.backend = BackendKind::cuda});
    const RandomCase c = generator_case(random);
    const auto source = random_generator(random);
    const Optimizer optimizer = random_optimizer(random);
    SCOPED_TRACE(c.describe() + ", " + std::string(to_string(optimizer.kind)));
    TrainOptions options;
    options.iterations = 9;
    options.tasks_per_batch = uniform_int(random, 1, 12);
    options.checkpoint_every = 4;
    options.log_every = uniform_int(random, 1, 3);
    MemoryStore want_store, got_store;
    MetaLearner want = learner_of(cpu_, c, optimizer);
    failed += train(want, *source, options, &want_store).tasks_failed;
    {
      MetaLearner first = learner_of(cuda, c, optimizer);
      TrainOptions dying = options;
      const int dies_at = uniform_int(random, 1, 8);
      dying.observer = [&](const TrainMetrics& metrics) {
        if (metrics.iteration == dies_at) throw std::runtime_error("killed");
      };
      EXPECT_THROW(train(first, *source, dying, &got_store), std::runtime_error);
      ASSERT_EQ(got_store.saved.back().iteration, dies_at);
      if (random() % 2 == 0 && dies_at % options.checkpoint_every != 0)
        got_store.saved.pop_back();  // killed, so that an earlier checkpoint is the newest
    }
    MetaLearner got = learner_of(cuda, c, optimizer);
    TrainOptions stopping = options;
    int asked = 0;
    stopping.stop = [&] { return ++asked == 2; };
    train(got, *source, stopping, &got_store, StartFrom::checkpoint);
    train(got, *source, options, &got_store, StartFrom::checkpoint);
    expect_same(got, want);
    expect_same(got_store, want_store);
    if (HasFatalFailure()) return;
  }
  if (rounds >= 50) {  // few rounds may have no task that fails
    EXPECT_GT(failed, 0);
  }
}

/// A source with some tasks of a case at a time, in every phase.
class SomeTasks : public TaskSource {
 public:
  explicit SomeTasks(const TaskBatch& tasks) : tasks_(tasks) {}
  TaskColumns columns() const override { return tasks_.columns(); }
  std::optional<std::int64_t> size(Phase) const override { return tasks_.size(); }
  TaskBatch sample(Phase, std::int64_t iteration, std::int64_t) const override {
    return tasks_.select(std::vector{iteration % tasks_.size()});
  }
  TaskBatch evaluation(Phase, std::int64_t) const override { return tasks_; }

 private:
  TaskBatch tasks_;
};

// Validation uses the parameters on the device, and the training continues from them.
TEST_F(Training, ValidationInBetween) {
  std::mt19937_64 random(63);
  int not_the_last = 0;
  for (int round = 0; round < rounds; ++round) {
    set_thread_order(round);
    const Context cuda({.backend = BackendKind::cuda});
    const RandomCase c = random_case(random, {.most_tasks = 4, .most_rows = 5});
    const Optimizer optimizer = random_optimizer(random);
    SCOPED_TRACE(c.describe() + ", " + std::string(to_string(optimizer.kind)));
    TrainOptions options;
    options.iterations = 9;
    options.checkpoint_every = 4;
    options.validate_every = uniform_int(random, 1, 4);
    MemoryStore want_store, got_store;
    MetaLearner want = learner_of(cpu_, c, optimizer), got = learner_of(cuda, c, optimizer);
    const TrainSummary summary = train(want, SomeTasks(c.tasks), options, &want_store);
    not_the_last += summary.selected_iteration < 9;
    TrainOptions stopping = options;
    int asked = 0;
    stopping.stop = [&] { return ++asked == 5; };
    train(got, SomeTasks(c.tasks), stopping, &got_store);
    train(got, SomeTasks(c.tasks), options, &got_store, StartFrom::checkpoint);
    expect_same(got.parameters(), want.parameters());
    expect_same(got_store, want_store);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(not_the_last, 0);
}

// Tasks of a generator need a check if the loss has a domain.
TEST_F(Training, RefusesGeneratedTargetsThatTheLossCannotTake) {
  const Context cuda({.backend = BackendKind::cuda});
  const auto source = make_sinusoid({});
  std::vector<std::string> messages;
  for (const Context* context : {static_cast<const Context*>(&cpu_), &cuda}) {
    MetaLearner learner(*context, {.model = {}, .loss = {.kind = LossKind::qlike}});
    TrainOptions options;
    options.tasks_per_batch = 3;
    try {
      train<float>(learner, *source, options);
      FAIL() << "non-positive targets, and no error";
    } catch (const std::exception& error) {
      messages.push_back(error.what());
    }
  }
  EXPECT_EQ(messages[0], messages[1]);
}

TEST_F(Training, OneGraphOfAtMostThreeKernelsAndNothingAllocated) {
  const Context cuda({.backend = BackendKind::cuda});
  const auto source = make_sinusoid({.support = 2, .query = 1});
  const ModelSpec model{.hidden = {2}};
  const Optimizer optimizer{.clip = 0.01};
  const auto& counts = cuda::device_counts();
  const bool checked = rounds < 20;
  for (const int size : {1, 2, 3, 7, 25, 32, 33, 100, 263, 1000, 2047, 2048, 2049, 5000}) {
    if (checked && size > 40) break;
    SCOPED_TRACE(size);
    MetaLearner generated(cuda, {.model = model, .optimizer = optimizer}),
        given(cuda, {.model = model, .optimizer = optimizer}),
        want(cpu_, {.model = model, .optimizer = optimizer});
    TrainOptions options;
    options.tasks_per_batch = size;
    long kernels = 0, graphs = 0, allocations = 0;
    // The first iteration also sorts the tasks, before its graph.
    const auto expect_counts = [&](bool first, int in_graph, int ordering) {
      EXPECT_EQ(counts.kernels - kernels, in_graph + (first ? ordering : 0));
      EXPECT_EQ(counts.graphs - graphs, 1);
      if (!first) {
        EXPECT_EQ(counts.allocations, allocations);
      }
      kernels = counts.kernels;
      graphs = counts.graphs;
      allocations = counts.allocations;
    };
    const auto start = [&] {
      kernels = counts.kernels;
      graphs = counts.graphs;
    };
    options.observer = [&](const TrainMetrics& metrics) { expect_counts(metrics.iteration == 1, 3, 1); };
    options.iterations = size < 300 ? 4 : 2;
    start();
    train<float>(generated, *source, options);
    start();
    for (int i = 0; i < options.iterations; ++i) {
      given.meta_step(source->sample(Phase::train, i, size));
      expect_counts(i == 0, 2, 2);
    }
    options.observer = nullptr;
    train<float>(want, *source, options);
    expect_same(generated, want);
    expect_same(given, want);
    if (HasFatalFailure()) return;
  }
}

// Sizes of tasks are data for a graph, as long as no task is larger than all before.
TEST_F(Training, RaggedBatchesKeepTheirGraphs) {
  const Context cuda({.backend = BackendKind::cuda});
  const ModelSpec model{.inputs = 2, .hidden = {3}};
  MetaLearner got(cuda, {.model = model}), want(cpu_, {.model = model});
  std::mt19937_64 random(67);
  const auto batch_of = [&](int least, int most) {
    TaskSetStorage<float> sides[2];
    std::vector<std::int64_t> ids;
    for (TaskSetStorage<float>& side : sides)
      for (int t = 0; t < 7; ++t) {
        side.row_starts.push_back(side.row_starts.back() +
                                  uniform_int(random, &side == sides ? least : std::max(least, 1), most));
        for (std::int64_t row = side.row_starts[side.row_starts.size() - 2]; row < side.row_starts.back();
             ++row) {
          side.x.push_back(static_cast<float>(uniform(random, -1.0, 1.0)));
          side.x.push_back(static_cast<float>(uniform(random, -1.0, 1.0)));
          side.y.push_back(static_cast<float>(uniform(random, -1.0, 1.0)));
        }
      }
    for (int t = 0; t < 7; ++t) ids.push_back(t);
    return TaskBatch::own({2, 1, 0}, std::move(sides[0]), std::move(sides[1]), std::move(ids));
  };
  const auto& counts = cuda::device_counts();
  const auto step = [&](const TaskBatch& batch) {
    const long before = counts.captures;
    expect_same(got.meta_step(batch), want.meta_step(batch));
    return counts.captures - before;
  };
  EXPECT_EQ(step(batch_of(9, 9)), 2);
  for (int round = 0; round < 10; ++round) EXPECT_EQ(step(batch_of(round % 2, 9)), 0) << round;
  EXPECT_EQ(step(batch_of(10, 10)), 2) << "a larger task than any before";
  expect_same(got, want);
}

}  // namespace
}  // namespace shoal::testing
