// SPDX-License-Identifier: Apache-2.0
// The C interface computes the bits of the C++ interface, reads and writes its files, and its handles may be
// used from several threads. The program of tests/package/c_consumer tests what callers get wrong.
// Covers computation, context, failure, handles, learner, model_metadata, options, tasks.
#include <shoal.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <shoal/config.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/responses.hpp>
#include <shoal/run.hpp>
#include <shoal/task_file.hpp>
#include <shoal/train_run.hpp>

namespace shoal::testing {
namespace {

struct Release {
  void operator()(const void* handle) const { EXPECT_EQ(shoal_release(handle), 0) << shoal_last_error(); }
};
template <class T>
using Handle = std::unique_ptr<T, Release>;

#define OK(call) ASSERT_EQ((call), 0) << shoal_last_error()

/// Rows of tasks of random sizes, as a C program has them.
template <class Real>
struct Side {
  std::vector<Real> x, y, offset;
  std::vector<std::int64_t> labels, starts = {0};

  void add_row(std::mt19937& random, const TaskColumns& columns, const Loss& loss, int outputs) {
    std::normal_distribution<double> normal;
    for (int i = 0; i < columns.inputs; ++i) x.push_back(static_cast<Real>(normal(random)));
    for (int i = 0; i < columns.targets; ++i) {
      const double value = normal(random);
      y.push_back(static_cast<Real>(loss.kind == LossKind::bce     ? (value > 0.0 ? 1.0 : 0.0)
                                    : loss.kind == LossKind::qlike ? value * value + 0.01
                                                                   : value));
    }
    if (columns.targets == 0)
      labels.push_back(static_cast<std::int64_t>(random() % static_cast<unsigned>(outputs)));
    for (int i = 0; i < columns.offsets; ++i) offset.push_back(static_cast<Real>(0.1 * normal(random)));
  }
  shoal_rows rows() const {
    return {x.data(), y.empty() ? nullptr : y.data(), labels.empty() ? nullptr : labels.data(),
            offset.empty() ? nullptr : offset.data(), starts.data()};
  }
  TaskSet<Real> set() const { return {x, y, labels, offset, starts, {}}; }
};

struct Case {
  const char* options;
  int outputs, targets;
};
const Case cases[] = {
    {"model.hidden = [5]\nloss.name = \"mse\"\n", 2, 2},
    {"model.hidden = [4, 3]\nmodel.activation = \"tanh\"\nloss.name = \"bce\"\nalgorithm.name = \"fomaml\"\n",
     1, 1},
    {"model.hidden = [6]\nloss.name = \"softmax\"\nalgorithm.name = \"anil\"\n", 3, 0},
    {"model.hidden = []\nloss.name = \"qlike\"\nalgorithm.name = \"meta-sgd\"\n", 1, 1},
    {"model.hidden = [4]\nmodel.skip = true\nloss.name = \"gaussian-nll\"\nalgorithm.name = \"boil\"\n", 2,
     1},
    {"model.hidden = [4]\nloss.name = \"huber\"\nalgorithm.name = \"reptile\"\n", 1, 1},
};

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// The same learner and tasks behind both interfaces.
template <class Real>
class Both {
 public:
  Both(const Case& which, std::uint32_t seed, const char* backend)
      : outputs_(which.outputs), context_({.backend = backend_from_string(backend), .threads = 1}) {
    std::mt19937 random(seed);
    const auto between = [&](int low, int high) {
      return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
    };
    const std::string options =
        std::string(which.options) + "seed = " + std::to_string(seed) +
        "\nalgorithm.inner_lr = 0.05\nalgorithm.inner_steps = " + std::to_string(between(1, 3)) + "\n";
    config_ = parse_config(options, "options");
    columns_ = {between(1, 4), which.targets, between(0, 1) * which.outputs};
    const int tasks = between(1, 6);
    for (int t = 0; t < tasks; ++t) {
      ids_.push_back(100 - t);
      for (Side<Real>* side : {&support_, &query_}) {
        for (int rows = between(side == &query_ ? 1 : 0, 5); rows > 0; --rows)
          side->add_row(random, columns_, config_.loss, outputs_);
        side->starts.push_back(std::ssize(side->x) / columns_.inputs);
      }
    }
    batch_ = BasicTaskBatch<Real>::borrow(columns_, support_.set(), query_.set(), ids_);
    learner_.emplace(context_, typename BasicMetaLearner<Real>::Options{
                                   .model = {columns_.inputs, config_.model.hidden, outputs_,
                                             config_.model.activation, config_.model.skip},
                                   .loss = config_.loss,
                                   .algorithm = config_.algorithm,
                                   .optimizer = config_.train.optimizer,
                                   .init = config_.model.init,
                                   .seed = config_.seed});
    open_in_c(options, backend);
  }

  void compare() {
    if (::testing::Test::HasFatalFailure()) return;
    compare_training();
    compare_models();
  }

 private:
  void open_in_c(const std::string& options, const char* backend) {
    shoal_context* context = nullptr;
    OK(shoal_context_create(("threads = 1\nbackend = \"" + std::string(backend) + "\"").c_str(), &context));
    c_context_.reset(context);
    ASSERT_EQ(shoal_real_size(context), sizeof(Real));
    const shoal_shape shape{std::ssize(ids_), support_.starts.back(), query_.starts.back(),
                            columns_.inputs,  columns_.targets,       columns_.offsets};
    const shoal_rows support = support_.rows(), query = query_.rows();
    shoal_tasks* tasks = nullptr;
    OK(shoal_tasks_borrow(context, &shape, &support, &query, ids_.data(), &tasks));
    c_tasks_.reset(tasks);
    shoal_learner* learner = nullptr;
    OK(shoal_learner_create(context, options.c_str(), columns_.inputs, outputs_, &learner));
    c_learner_.reset(learner);
  }

  /// The meta-gradient, three updates, and the parameters that they lead to.
  void compare_training() {
    std::int64_t count = 0;
    OK(shoal_learner_counts(c_learner_.get(), &count, nullptr));
    std::vector<Real> gradient(static_cast<std::size_t>(count)), parameters(gradient), losses(ids_.size());
    shoal_gradient told{gradient.data(), losses.data(), nullptr, 0.0, 0};
    MetaGradient<Real> expected = learner_->meta_gradient(batch_);
    OK(shoal_meta_gradient(c_learner_.get(), c_tasks_.get(), &told));
    for (int step = 0; step < 3; ++step) {
      EXPECT_TRUE(same_bits(gradient, joined(expected.theta, expected.rates)));
      EXPECT_TRUE(same_bits(losses, expected.query_loss));
      EXPECT_EQ(told.good, expected.good);
      expected = learner_->meta_step(batch_);
      OK(shoal_meta_step(c_learner_.get(), c_tasks_.get(), &told));
    }
    OK(shoal_learner_parameters(c_learner_.get(), parameters.data(), count));
    EXPECT_TRUE(same_bits(parameters, joined(learner_->parameters().theta, learner_->parameters().rates)));
  }

  /// Evaluation, adaptation, outputs and responses.
  void compare_models() {
    const std::vector<int> steps = {0, 2};
    const std::vector<std::int32_t> asked = {2, 0};  // the losses come in this order
    std::vector<Real> losses(2 * ids_.size());
    OK(shoal_evaluate(c_learner_.get(), c_tasks_.get(), asked.data(), 2, losses.data()));
    std::rotate(losses.begin(), losses.begin() + std::ssize(ids_), losses.end());
    EXPECT_TRUE(same_bits(losses, learner_->evaluate(batch_, steps).loss));

    shoal_adapted* made = nullptr;
    OK(shoal_adapt(c_learner_.get(), c_tasks_.get(), 2, &made));
    const Handle<shoal_adapted> adapted(made);
    const FastWeights<Real> fast = learner_->adapt(batch_, 2);
    std::vector<Real> weights(fast.phi.size());
    OK(shoal_adapted_weights(made, weights.data(), std::ssize(weights), nullptr));
    EXPECT_TRUE(same_bits(weights, fast.phi));
    const std::vector<Real> outputs = learner_->predict(fast, batch_.query(), columns_);
    std::vector<Real> c_outputs(outputs.size());
    OK(shoal_predict(c_learner_.get(), made, c_tasks_.get(), c_outputs.data(), std::ssize(c_outputs)));
    EXPECT_TRUE(same_bits(c_outputs, outputs));

    const Responses responses(config_.loss, outputs_);
    const std::int64_t rows = query_.starts.back();
    std::vector<Real> values(static_cast<std::size_t>(rows) * responses.columns().size()),
        c_values(values.size());
    responses.of_rows<Real>(outputs, values, rows);
    OK(shoal_responses(c_learner_.get(), c_outputs.data(), rows, c_values.data(), std::ssize(c_values),
                       nullptr));
    EXPECT_TRUE(same_bits(c_values, values));
  }

  static std::vector<Real> joined(std::vector<Real> theta, const std::vector<Real>& rates) {
    theta.insert(theta.end(), rates.begin(), rates.end());
    return theta;
  }

  int outputs_;
  RunConfig config_;
  TaskColumns columns_;
  Side<Real> support_, query_;
  std::vector<std::int64_t> ids_;
  Context context_;
  BasicTaskBatch<Real> batch_;
  std::optional<BasicMetaLearner<Real>> learner_;
  Handle<shoal_context> c_context_;
  Handle<shoal_tasks> c_tasks_;
  Handle<shoal_learner> c_learner_;
};

TEST(CInterface, HasTheBitsOfCpp) {
  for (const Case& which : cases)
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
      SCOPED_TRACE(std::string(which.options) + "seed " + std::to_string(seed));
      Both<float>(which, seed, "cpu").compare();
      Both<double>(which, seed, "reference").compare();
    }
}

/// Takes the scale of one target column away.
TaskBatch in_user_units(const TaskBatch& tasks, const TargetUnits& units) {
  const auto side = [&](const TaskSet<float>& from) {
    TaskSetStorage<float> to{
        {from.x.begin(), from.x.end()}, {}, {}, {}, {from.row_starts.begin(), from.row_starts.end()}};
    for (const float y : from.y)
      to.y.push_back(static_cast<float>(static_cast<double>(y) * units.deviation[0] + units.mean[0]));
    return to;
  };
  return TaskBatch::own(tasks.columns(), side(tasks.support()), side(tasks.query()),
                        {tasks.ids().begin(), tasks.ids().end()});
}

class CFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("shoal-capi-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const char* name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

/// A model that C wrote is one that a run opens, and the other way round.
TEST_F(CFiles, AreThoseOfRuns) {
  std::ofstream(path("t.csv")) << "client,a,b,y\n";
  std::mt19937 random(1);
  std::normal_distribution<double> normal(5.0, 3.0);
  {
    std::ofstream table(path("t.csv"), std::ios::app);
    for (int client = 0; client < 8; ++client)
      for (int row = 0; row < 10; ++row)
        table << "c" << client << "," << normal(random) << "," << normal(random) << ","
              << 10.0 * normal(random) << "\n";
  }
  const RunConfig config = parse_config("tasks.source = \"table\"\ntasks.path = \"" + path("t.csv") +
                                            "\"\ntasks.key = [\"client\"]\ntasks.features = [\"a\", "
                                            "\"b\"]\ntasks.targets = [\"y\"]\ntasks.scale_targets = true\n"
                                            "tasks.support = 5\ntasks.query = 5\ntasks.split = { by = "
                                            "\"task\", train = 1.0, validation = 0.0, test = 0.0 }\n"
                                            "model.hidden = [4]\nloss.name = \"huber\"\ntrain.iterations = "
                                            "5\ntrain.tasks_per_batch = 4\nthreads = 1\n",
                                        "config");
  train_run(config, path("run"), {.evaluate = false});

  shoal_context* context = nullptr;
  OK(shoal_context_create("backend = \"cpu\"\nthreads = 1", &context));
  const Handle<shoal_context> owner(context);
  shoal_learner* learner = nullptr;
  OK(shoal_learner_load(owner.get(), path("run").c_str(), &learner));
  const Handle<shoal_learner> opened(learner);
  std::int64_t count = 0, tensors = 0;
  OK(shoal_learner_counts(opened.get(), &count, &tensors));
  EXPECT_EQ(count, 2 * 4 + 4 + 4 + 1);
  OK(shoal_learner_save(opened.get(), path("copy.safetensors").c_str()));
  EXPECT_EQ(read_tensor_file(path("copy.safetensors")).tensors.at("layers.0.weight").bytes,
            read_tensor_file(path("run/model.safetensors")).tensors.at("layers.0.weight").bytes);

  // Tasks as `shoal data export` writes them, in the user's units.
  const auto source = make_task_source(config);
  const TaskBatch batch = in_user_units(source->evaluation(Phase::train, 0), source->target_units());
  write_task_file(path("tasks.safetensors"), batch);
  shoal_tasks* tasks = nullptr;
  OK(shoal_tasks_read(owner.get(), path("tasks.safetensors").c_str(), &tasks));
  const Handle<shoal_tasks> read(tasks);
  std::vector<float> losses(static_cast<std::size_t>(batch.size()));
  const std::int32_t steps[] = {1};
  OK(shoal_evaluate(opened.get(), read.get(), steps, 1, losses.data()));
  const auto tasks_of_run = std::filesystem::path(path("tasks.safetensors"));
  const shoal::Run run = shoal::Run::open(path("run"));
  const Evaluation evaluation = run.evaluate({.data = tasks_of_run, .steps = {1}});
  ASSERT_EQ(evaluation.losses.loss.size(), losses.size());
  for (std::size_t t = 0; t < losses.size(); ++t)
    EXPECT_FLOAT_EQ(losses[t], static_cast<float>(evaluation.losses.loss[t]));
  shoal_adapted* made = nullptr;
  OK(shoal_adapt(opened.get(), read.get(), 1, &made));
  const Handle<shoal_adapted> adapted(made);
  std::vector<float> outputs(static_cast<std::size_t>(batch.query().total_rows()));
  OK(shoal_predict(opened.get(), made, read.get(), outputs.data(), std::ssize(outputs)));
  const Predictions predictions = run.predict(tasks_of_run, 1);
  EXPECT_EQ(outputs, std::vector<float>(predictions.output.begin(), predictions.output.end()));

  // What the training said of the model holds until it changes.
  EXPECT_TRUE(read_metadata(path("copy.safetensors")).contains("selected_iteration"));
  shoal_gradient nothing{};
  OK(shoal_meta_step(opened.get(), read.get(), &nothing));
  OK(shoal_learner_save(opened.get(), path("copy.safetensors").c_str()));
  const ModelMetadata changed = read_metadata(path("copy.safetensors"));
  EXPECT_TRUE(changed.contains("preprocessing"));
  EXPECT_FALSE(changed.contains("selected_iteration"));
  EXPECT_EQ(
      Run::open(path("copy.safetensors")).evaluate({.data = tasks_of_run, .steps = {1}}).losses.loss.size(),
      losses.size());
}

TEST_F(CFiles, KeepWhatTheyAreTrainedWith) {
  shoal_context* context = nullptr;
  OK(shoal_context_create("backend = \"cpu\"", &context));
  const Handle<shoal_context> owner(context);
  shoal_learner *made = nullptr, *opened = nullptr;
  OK(shoal_learner_create(owner.get(),
                          "model.hidden = [3]\nalgorithm.name = \"meta-sgd\"\nalgorithm.inner_lr = 0.3\n", 2,
                          1, &made));
  const Handle<shoal_learner> learner(made);
  OK(shoal_learner_save(learner.get(), path("m.safetensors").c_str()));
  const RunConfig config = Run::open(path("m.safetensors")).trained_config();
  EXPECT_EQ(inner_loop_of(config.algorithm).learning_rate, 0.3);
  EXPECT_EQ(config.model.hidden, std::vector<int>{3});
  OK(shoal_learner_load(owner.get(), path("m.safetensors").c_str(), &opened));
  const Handle<shoal_learner> again(opened);
  std::int64_t count = 0;
  OK(shoal_learner_counts(again.get(), &count, nullptr));
  EXPECT_EQ(count, 2 * 13);  // every parameter has a rate
  std::vector<float> values(26), read(26);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 8.0f;
  OK(shoal_learner_set_parameters(again.get(), values.data(), count));
  OK(shoal_learner_parameters(again.get(), read.data(), count));
  EXPECT_EQ(read, values);
}

TEST(CHandles, HaveAMessageOfEachThread) {
  EXPECT_EQ(shoal_context_create("threads = -7", nullptr), 2);
  const std::string own = shoal_last_error();
  std::string before, others;
  std::thread([&] {
    before = shoal_last_error();
    EXPECT_EQ(shoal_learner_counts(nullptr, nullptr, nullptr), 2);
    others = shoal_last_error();
  }).join();
  EXPECT_EQ(before, "");
  EXPECT_NE(others, own);
  EXPECT_EQ(shoal_last_error(), own);
}

TEST(CHandles, QueueOnOneLearnerAndFailByThread) {
  shoal_context* context = nullptr;
  OK(shoal_context_create("backend = \"cpu\"\nthreads = 1", &context));
  const Handle<shoal_context> owner(context);
  shoal_learner* raw = nullptr;
  OK(shoal_learner_create(owner.get(), "model.hidden = [3]", 1, 1, &raw));
  const Handle<shoal_learner> learner(raw);
  const std::vector<float> x = {1, 2, 3, 4}, y = {2, 4, 6, 8};
  const std::vector<std::int64_t> starts = {0, 2, 4};
  const shoal_rows rows{x.data(), y.data(), nullptr, nullptr, starts.data()};
  const shoal_shape shape{2, 4, 4, 1, 1, 0};
  shoal_tasks* raw_tasks = nullptr;
  OK(shoal_tasks_borrow(owner.get(), &shape, &rows, &rows, nullptr, &raw_tasks));
  const Handle<shoal_tasks> tasks(raw_tasks);
  std::vector<std::thread> threads;
  std::vector<int> failures(4, 0);
  for (std::size_t t = 0; t < failures.size(); ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 50; ++round) {
        shoal_gradient nothing{};
        failures[t] += shoal_meta_step(learner.get(), tasks.get(), &nothing) != 0;
        const std::int32_t steps = static_cast<std::int32_t>(t) - 100;
        float losses[2];
        shoal_evaluate(learner.get(), tasks.get(), &steps, 1, losses);
        failures[t] += std::string(shoal_last_error()).find(std::to_string(steps)) == std::string::npos;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace shoal::testing
