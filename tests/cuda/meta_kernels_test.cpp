// SPDX-License-Identifier: Apache-2.0
// The kernels before and after the task kernel, on their own: drawn tasks against the sources of the host,
// and the update against the exact sums and the optimizer step of src/core, for digits of any number of
// blocks and losses of any magnitude.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "core/exact_sum.hpp"
#include "core/generated_tasks.hpp"
#include "core/optimizer_step.hpp"
#include "cuda/runtime/array.hpp"
#include "cuda/task_launcher.hpp"
#include "cuda_under_test.hpp"
#include "kernels/generate/task_generation.hpp"
#include "kernels/update/meta_update.hpp"
#include "support/bits.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

using namespace cuda;

template <class T>
std::vector<T> fetch(Stream& stream, const T* from, std::size_t count) {
  std::vector<T> values(count);
  if (count > 0) stream.copy_to_host(values.data(), from, count * sizeof(T));
  stream.synchronize("fetch");
  return values;
}

class MetaKernels : public ::testing::Test {
 protected:
  void TearDown() override { set_thread_order(0); }
};

TEST_F(MetaKernels, DrawnTasksAreThoseOfTheHost) {
  std::mt19937_64 random(71);
  Stream stream;
  for (int round = 0; round < 40; ++round) {
    set_thread_order(round);
    const GeneratorOptions options{.seed = random(),
                                   .support = uniform_int(random, 0, 11),
                                   .query = uniform_int(random, 1, 12),
                                   .noise = random() % 2 ? uniform(random, 0.01, 2.0) : 0.0};
    const std::unique_ptr<TaskSource> sources[] = {make_sinusoid(options), make_xsinx(options),
                                                   make_xsinx(options, "uniform", -7.5, 2.25),
                                                   make_xsinx_window(options)};
    const TaskSource& source = *sources[round % 4];
    const int tasks = uniform_int(random, 1, 70);
    const auto iteration = static_cast<std::int64_t>(random() >> uniform_int(random, 8, 60));
    const TaskBatch want = source.sample(Phase::train, iteration, tasks);
    const std::vector<kernels::IterationInputs> inputs = {{{}, iteration * tasks}};
    DeviceArray<kernels::IterationInputs> device_inputs;
    DeviceArray<float> support_x, support_y, query_x, query_y;
    DeviceArray<std::uint8_t> status;
    const auto& generator = dynamic_cast<const GeneratesTasks&>(source);
    kernels::GenerationArguments job{.formula = generator.formula(Phase::train),
                                     .inputs = device_inputs.upload(stream, inputs),
                                     .tasks = tasks,
                                     .support_x = support_x.reserve(stream, want.support().x.size()),
                                     .support_y = support_y.reserve(stream, want.support().y.size()),
                                     .query_x = query_x.reserve(stream, want.query().x.size()),
                                     .query_y = query_y.reserve(stream, want.query().y.size()),
                                     .status = status.reserve(stream, static_cast<std::size_t>(tasks))};
    kernels::launch_task_generation(job, stream.handle());
    stream.check("task generation");
    ASSERT_EQ(bits(fetch(stream, job.support_x, want.support().x.size())), bits(want.support().x));
    ASSERT_EQ(bits(fetch(stream, job.support_y, want.support().y.size())), bits(want.support().y));
    ASSERT_EQ(bits(fetch(stream, job.query_x, want.query().x.size())), bits(want.query().x));
    ASSERT_EQ(bits(fetch(stream, job.query_y, want.query().y.size())), bits(want.query().y));
    ASSERT_EQ(fetch(stream, job.status, static_cast<std::size_t>(tasks)),
              std::vector<std::uint8_t>(static_cast<std::size_t>(tasks), 0));
  }
}

float random_float(std::mt19937_64& random, int low, int high) {
  const float mantissa = 1.0f + static_cast<float>(random() & 0x7fffff) * 0x1p-23f;
  return (random() & 1 ? -1.0f : 1.0f) * std::ldexp(mantissa, uniform_int(random, low, high));
}

#if defined(__SANITIZE_THREAD__)
constexpr int updates = 12;
#else
constexpr int updates = 60;
#endif

/// The inputs of one update.
struct UpdateCase {
  std::size_t parameters, rates;
  int blocks, tasks, low, high;  ///< gradients have magnitudes between 2^low and 2^high
  Optimizer optimizer;
};

/// The digits that each block of tasks has added up: those of an exact sum of its own. `total` gets all of
/// them.
std::vector<long long> block_digits(std::mt19937_64& random, const UpdateCase& c, ExactSum& total) {
  std::vector<long long> digits;
  for (int b = 0; b < c.blocks; ++b) {
    ExactSum block(total.size());
    for (std::size_t i = 0; i < total.size(); ++i)
      for (auto n = random() % 3; n > 0; --n) block.add(i, random_float(random, c.low, c.high));
    for (int d = 0; d < ExactSum::digits; ++d)
      digits.insert(digits.end(), block.digit(d).begin(), block.digit(d).end());
    total.merge(block);
  }
  return digits;
}

/// What the tasks of a meta-iteration leave for its update.
struct TaskResults {
  TaskResults(std::mt19937_64& random, const UpdateCase& c)
      : status(static_cast<std::size_t>(c.tasks)),
        losses{std::vector<float>(status.size()), std::vector<float>(status.size())} {
    sum.theta = ExactSum(c.parameters);
    sum.rates = ExactSum(c.rates);
    theta_digits = block_digits(random, c, sum.theta);
    rate_digits = block_digits(random, c, sum.rates);
    for (std::size_t t = 0; t < status.size(); ++t) {
      status[t] = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 5 : 0);
      for (std::size_t l : {0u, 1u}) {
        losses[l][t] = status[t] == 0 ? random_float(random, -140, 59) : std::nanf("");
        if (status[t] == 0) sum.losses.add(l, losses[l][t]);
      }
      sum.good += status[t] == 0;
    }
  }

  GradientSum<float> sum;
  std::vector<long long> theta_digits, rate_digits;
  std::vector<std::uint8_t> status;
  std::vector<float> losses[2];
};

std::vector<float> joined(const MetaParameters<float>& parameters) {
  std::vector<float> values(parameters.theta);
  values.insert(values.end(), parameters.rates.begin(), parameters.rates.end());
  return values;
}

/// The update on the device beside that of core, from equal parameters.
class UpdateBesideCore {
 public:
  UpdateBesideCore(std::mt19937_64& random, const UpdateCase& c)
      : case_(c),
        all_(c.parameters + c.rates),
        want_{std::vector<float>(c.parameters), std::vector<float>(c.rates)} {
    for (auto* part : {&want_.theta, &want_.rates})
      for (float& value : *part) value = random_float(random, -10, 2);
    initial_ = joined(want_);
    for (const int k : {0, 1})
      states_[k] = {k == 0 ? arrays_[0][0].upload(stream_, initial_) : arrays_[1][0].reserve(stream_, all_),
                    arrays_[k][1].reserve_zeroed(stream_, all_), arrays_[k][2].reserve_zeroed(stream_, all_)};
    job_.ticket = ticket_.reserve_zeroed(stream_, 1);
  }

  /// One update, from state `from` to the other one.
  void launch(const TaskResults& tasks, int from) {
    const auto blocks = static_cast<std::size_t>(kernels::update_blocks(static_cast<int>(all_)));
    lay_out(tasks);
    job_.rate_sums = rate_sums_.upload(stream_, tasks.rate_digits);
    job_.sets = case_.blocks;
    job_.parameters = static_cast<int>(case_.parameters);
    job_.rates = static_cast<int>(case_.rates);
    job_.status = status_.upload(stream_, tasks.status);
    job_.loss_before = before_.upload(stream_, tasks.losses[0]);
    job_.loss_after = after_.upload(stream_, tasks.losses[1]);
    job_.tasks = case_.tasks;
    job_.now = states_[from];
    job_.next = states_[1 - from];
    job_.gradient = gradient_.reserve(stream_, all_);
    job_.summary = summary_.reserve(stream_, 1);
    job_.loss_digits = loss_digits_.reserve(stream_, blocks * 2 * ExactSum::digits);
    job_.largest = largest_.reserve(stream_, blocks);
    OptimizerState<float> next = {
        .step = state_.step, .beta1_power = state_.beta1_power, .beta2_power = state_.beta2_power};
    host_inputs_ = {{next_update(case_.optimizer, next), 0}};
    job_.inputs = inputs_.upload(stream_, host_inputs_);
    kernels::launch_meta_update(job_, stream_.handle());
    stream_.check("meta-update");
  }

  /// Every other time the sums lie in another order, with entries to spare, as kernels made for a shape leave
  /// them.
  void lay_out(const TaskResults& tasks) {
    const std::size_t size = case_.parameters, spare = launches_++ % 2 == 0 ? 0 : 3, count = size + spare;
    places_of_sums_.clear();
    for (std::size_t p = 0; p < size; ++p)
      places_of_sums_.push_back(static_cast<std::int32_t>(spare == 0 ? p : count - 2 - p));
    laid_.assign(tasks.theta_digits.size() / size * count, 0);
    for (std::size_t i = 0; i < tasks.theta_digits.size(); ++i)
      laid_[i / size * count + static_cast<std::size_t>(places_of_sums_[i % size])] = tasks.theta_digits[i];
    job_.sums = sums_.upload(stream_, laid_);
    job_.sum_places = spare == 0 ? nullptr : places_.upload(stream_, places_of_sums_);
    job_.sum_count = static_cast<std::int64_t>(count);
  }

  /// Whatever the last update left on the device is what core makes of the same tasks.
  void expect_same(const TaskResults& tasks) {
    const GradientSum<float>& sum = tasks.sum;
    const kernels::IterationSummary told = fetch(stream_, job_.summary, 1)[0];
    ASSERT_EQ(told.good, sum.good);
    ASSERT_EQ(fetch(stream_, job_.ticket, 1)[0], 0u);
    for (const long long digit : fetch(stream_, job_.sums, laid_.size())) ASSERT_EQ(digit, 0);
    for (const long long digit : fetch(stream_, job_.rate_sums, tasks.rate_digits.size()))
      ASSERT_EQ(digit, 0);
    if (sum.good == 0) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(told.mean_query_loss), 0x7fc00000u);
      return;
    }
    const auto count = static_cast<float>(sum.good);
    ASSERT_EQ(bits(std::vector{told.mean_query_loss_before, told.mean_query_loss}),
              bits(std::vector{sum.losses.rounded(0) / count, sum.losses.rounded(1) / count}));
    MetaParameters<float> mean;
    for (std::size_t i = 0; i < case_.parameters; ++i) mean.theta.push_back(sum.theta.rounded(i) / count);
    for (std::size_t i = 0; i < case_.rates; ++i) mean.rates.push_back(sum.rates.rounded(i) / count);
    ASSERT_EQ(bits(fetch(stream_, job_.gradient, all_)), bits(joined(mean)));
    optimizer_step(case_.optimizer, want_, mean, state_);
    ASSERT_EQ(bits(fetch(stream_, job_.next.values, all_)), bits(joined(want_)));
    if (!state_.first.empty()) {
      ASSERT_EQ(bits(fetch(stream_, job_.next.first, all_)), bits(state_.first));
    }
    if (!state_.second.empty()) {
      ASSERT_EQ(bits(fetch(stream_, job_.next.second, all_)), bits(state_.second));
    }
  }

 private:
  int launches_ = 0;
  std::vector<std::int32_t> places_of_sums_;
  std::vector<long long> laid_;
  const UpdateCase& case_;
  std::size_t all_;
  MetaParameters<float> want_;
  OptimizerState<float> state_;
  std::vector<float> initial_;                         ///< copied as late as the stream likes, as the next
  std::vector<kernels::IterationInputs> host_inputs_;  ///< of the last update
  Stream stream_;
  DeviceArray<float> arrays_[2][3], gradient_, largest_, before_, after_;
  DeviceArray<long long> sums_, rate_sums_, loss_digits_;
  DeviceArray<std::int32_t> places_;
  DeviceArray<std::uint8_t> status_;
  DeviceArray<unsigned> ticket_;
  DeviceArray<kernels::IterationInputs> inputs_;
  DeviceArray<kernels::IterationSummary> summary_;
  kernels::MetaState states_[2];
  kernels::UpdateArguments job_;
};

/// Runs the update twice on the device, from the first state to the second and back, and compares with core
/// after each.
void expect_updates_of_core(std::mt19937_64& random, const UpdateCase& c) {
  UpdateBesideCore update(random, c);
  for (const int from : {0, 1}) {
    const TaskResults tasks(random, c);
    update.launch(tasks, from);
    update.expect_same(tasks);
    if (::testing::Test::HasFatalFailure() || tasks.sum.good == 0) return;
  }
}

TEST_F(MetaKernels, UpdateIsThatOfCore) {
  std::mt19937_64 random(72);
  for (int round = 0; round < updates; ++round) {
    set_thread_order(round);
    constexpr OptimizerKind kinds[] = {OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::adam,
                                       OptimizerKind::adamw};
    const int low = uniform_int(random, -149, 40), high = std::min(58, low + uniform_int(random, 0, 60));
    UpdateCase c{
        .parameters = static_cast<std::size_t>(uniform_int(random, 1, 150)),
        .rates = static_cast<std::size_t>(random() % 2 ? uniform_int(random, 1, 70) : 0),
        .blocks = uniform_int(random, 1, 40),
        .tasks = uniform_int(random, 1, 700),
        .low = low,
        .high = high,
        .optimizer = {.kind = kinds[round % 4],
                      .learning_rate = uniform(random, 0.001, 0.1),
                      .weight_decay = random() % 2 ? 0.05 : 0.0,
                      .clip = round % 8 < 4 ? 0.0 : std::ldexp(1.0, uniform_int(random, low, high))}};
    expect_updates_of_core(random, c);
    if (HasFatalFailure()) return;
  }
}

TEST_F(MetaKernels, UpdateOfManyBlocksTasksAndParameters) {
  std::mt19937_64 random(73);
  const Optimizer optimizer{.clip = 1e-3};
  expect_updates_of_core(random, {5, 3, kernels::exact_capacity - 1, 40, -30, 10, optimizer});
#if !defined(__SANITIZE_THREAD__)
  // More values than a thread's digits can take between two carries; more parameters than the grid has
  // columns.
  expect_updates_of_core(random, {3, 0, 2, 2 * 256 * 2048 + 77, -30, 10, optimizer});
  expect_updates_of_core(random, {17000, 33, 2, 3, -30, 10, optimizer});
#endif
}

}  // namespace
}  // namespace shoal::testing
