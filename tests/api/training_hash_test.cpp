// SPDX-License-Identifier: Apache-2.0
// One hash of a whole training run - parameters, optimizer state, metrics - is the same for all numbers of
// threads, instruction sets, task orders and batch splits, and after kill and resume.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <random>
#include <sstream>

#include <shoal/run_folder.hpp>
#include <shoal/task_source.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/trainer.hpp>

#include "support/cpu_contexts.hpp"

namespace shoal {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int iterations = 5, combinations = 6, checkpoint_every = 2;
#else
constexpr int iterations = 300, combinations = 40, checkpoint_every = 40;
#endif
constexpr std::int64_t tasks_per_batch = 25;

/// The same tasks in another order, which must change nothing.
class Reordered : public TaskSource {
 public:
  Reordered(std::unique_ptr<TaskSource> source, unsigned order) : source_(std::move(source)), order_(order) {}
  TaskColumns columns() const override { return source_->columns(); }
  std::optional<std::int64_t> size(Phase phase) const override { return source_->size(phase); }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    TaskBatch batch = source_->sample(phase, iteration, tasks);
    if (order_ == 0) return batch;
    std::vector<std::int64_t> place(static_cast<std::size_t>(batch.size()));
    std::iota(place.begin(), place.end(), 0);
    std::mt19937_64 random(order_ * 1000003ull + static_cast<std::uint64_t>(iteration));
    if (order_ == 1)
      std::reverse(place.begin(), place.end());
    else
      std::shuffle(place.begin(), place.end(), random);
    return batch.select(place);
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override {
    return source_->evaluation(phase, tasks);
  }

 private:
  std::unique_ptr<TaskSource> source_;
  unsigned order_;
};

struct Factors {
  int threads = 1;
  Isa isa = Isa::scalar;
  unsigned order = 0;
  std::int64_t chunk = 0;
  std::string plan = "auto";                 ///< of the cpu backend
  std::optional<std::int64_t> kill_at = {};  ///< iteration after which the process is killed, to be resumed

  std::string describe() const {
    std::ostringstream text;
    text << "threads " << threads << ", " << to_string(isa) << ", plan " << plan << ", order " << order
         << ", chunk " << chunk;
    if (kill_at) text << ", killed after " << *kill_at;
    return text.str();
  }
};

// A learner with everything that could depend on these factors: learned rates, multi-step loss, clipping, a
// schedule, and one task in forty that diverges.
MetaLearner make_learner(const Context& context, std::int64_t chunk) {
  const Maml maml{.inner = {.steps = 2, .learning_rate = 0.03, .max_move = 0.6},
                  .learned_rate = LearnedRate::layer_step,
                  .step_weights = {0.25, 0.75}};
  Optimizer optimizer{.kind = OptimizerKind::adamw,
                      .learning_rate = 0.003,
                      .weight_decay = 0.01,
                      .clip = 0.8,
                      .schedule = Schedule::cosine,
                      .final_learning_rate = 1e-4,
                      .iterations = iterations};
  return MetaLearner(context,
                     {.model = {.inputs = 1, .hidden = {12, 9}, .outputs = 1, .activation = Activation::tanh},
                      .loss = {},
                      .algorithm = maml,
                      .optimizer = optimizer,
                      .init = {},
                      .seed = 3,
                      .chunk = chunk});
}

TrainSummary run(const Factors& factors, const std::filesystem::path& folder, StartFrom start, bool dies) {
  const Context context = testing::context_with_plan(factors.plan, factors.threads, factors.isa);
  MetaLearner learner = make_learner(context, factors.chunk);
  const Reordered source(make_sinusoid({.seed = 3, .support = 7, .query = 9, .noise = 0.1}), factors.order);
  const auto store =
      open_run<float>(folder, "training hash test", learner.layout(), learner.rate_layout(), start);
  TrainOptions options;
  options.iterations = iterations;
  options.tasks_per_batch = tasks_per_batch;
  options.checkpoint_every = checkpoint_every;
  if (dies)
    options.observer = [&](const TrainMetrics& metrics) {
      if (metrics.iteration == *factors.kill_at) kill(getpid(), SIGKILL);
    };
  const TrainSummary summary = train(learner, source, options, store.get(), start);
  TensorFile state;
  const auto& parameters = learner.parameters();
  const auto& optimizer = learner.optimizer_state();
  const auto add = [&](const char* name, const std::vector<float>& values) {
    state.tensors[name] = Tensor::of({static_cast<std::int64_t>(values.size())}, values.data());
  };
  add("theta", parameters.theta);
  add("rates", parameters.rates);
  add("first", optimizer.first);
  add("second", optimizer.second);
  const double powers[] = {optimizer.beta1_power, optimizer.beta2_power, static_cast<double>(optimizer.step)};
  state.tensors["powers"] = Tensor::of({3}, powers);
  write_tensor_file(folder / "state.safetensors", state);
  return summary;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string hash_of(const Factors& factors) {
  static int count = 0;
  const auto folder = std::filesystem::temp_directory_path() /
                      ("shoal-training-hash-" + std::to_string(getpid()) + "-" + std::to_string(count++));
  std::filesystem::remove_all(folder);
  StartFrom start = StartFrom::beginning;
  if (factors.kill_at) {
    const pid_t child = fork();
    if (child == 0) {
      run(factors, folder, StartFrom::beginning, true);
      _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << factors.describe();
    start = StartFrom::checkpoint;
  }
  const TrainSummary summary = run(factors, folder, start, false);
  EXPECT_EQ(summary.iteration, iterations);
  if (iterations > 100) {
    EXPECT_GT(summary.tasks_failed, 0) << "the run was meant to hold bad tasks";
  }
  EXPECT_LT(summary.tasks_failed, summary.tasks_seen / 4);
  const std::string text = text_of(folder / "state.safetensors") + text_of(folder / "metrics.jsonl") +
                           std::to_string(summary.tasks_seen) + " " + std::to_string(summary.tasks_failed);
  std::filesystem::remove_all(folder);
  return sha256(text);
}

TEST(TrainingHash, OneHashOverEveryFactor) {
  std::vector<Isa> sets;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    if (isa_available(isa))
      sets.push_back(isa);
    else
      std::printf("not run: this machine has no %s\n", std::string(to_string(isa)).c_str());
  }
  const std::vector<int> threads = {1, 2, 4};
  const std::vector<std::int64_t> chunks = {0, 1, 7, 16};
  std::vector<Factors> runs;
  for (const int n : threads) runs.push_back({.threads = n});
  for (const Isa isa : sets) runs.push_back({.isa = isa});
  for (unsigned order = 0; order < 5; ++order) runs.push_back({.order = order});
  for (const std::int64_t chunk : chunks) runs.push_back({.chunk = chunk});
  const std::vector<std::string> plans = {"auto", "tasks", "units+keep", "units+recompute"};
  for (const std::string& plan : plans)
    for (const Isa isa : sets) runs.push_back({.isa = isa, .plan = plan});
  runs.push_back({.kill_at = iterations / 2});
  std::mt19937_64 random(5);
  for (int i = 0; i < combinations; ++i) {
    Factors factors{.threads = threads[random() % 3],
                    .isa = sets[random() % sets.size()],
                    .order = static_cast<unsigned>(random() % 5),
                    .chunk = chunks[random() % 4],
                    .plan = plans[random() % plans.size()],
                    .kill_at = {}};
    if (random() % 2) factors.kill_at = 1 + static_cast<std::int64_t>(random() % (iterations - 1));
    runs.push_back(factors);
  }
  const std::string first = hash_of({});
  for (const Factors& factors : runs) EXPECT_EQ(hash_of(factors), first) << factors.describe();
  std::printf("%zu runs of %d iterations, one hash: %s\n", runs.size() + 1, iterations, first.c_str());
}

// Another seed must give another hash.
TEST(TrainingHash, NoticesOneBit) {
  const Context context({BackendKind::cpu, 1, Isa::scalar});
  MetaLearner a = make_learner(context, 0), b = make_learner(context, 0);
  auto parameters = b.parameters();
  parameters.theta[5] = std::nextafter(parameters.theta[5], 1e9f);
  b.set_parameters(parameters);
  const auto source = make_sinusoid({.seed = 3, .support = 7, .query = 9, .noise = 0.1});
  const TaskBatch tasks = source->sample(Phase::train, 0, tasks_per_batch);
  a.meta_step(tasks);
  b.meta_step(tasks);
  EXPECT_NE(0, std::memcmp(a.parameters().theta.data(), b.parameters().theta.data(),
                           a.parameters().theta.size() * sizeof(float)));
}

}  // namespace
}  // namespace shoal
