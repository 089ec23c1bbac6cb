// SPDX-License-Identifier: Apache-2.0
// The kernels around the task kernel, alone. Drawn tasks against the host's sources; the update against
// core's exact sums and optimizer step, on digits of any number of blocks and on losses of any magnitude.
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
  void TearDown() override { turn_order(0); }
};

TEST_F(MetaKernels, DrawnTasksAreThoseOfTheHost) {
  std::mt19937_64 random(71);
  Stream stream;
  for (int round = 0; round < 40; ++round) {
    turn_order(round);
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

/// What one update is about, as the host has it.
struct UpdateCase {
  std::size_t parameters, rates;
  int blocks, tasks, low, high;  ///< magnitudes of gradients between 2^low and 2^high
  Optimizer optimizer;
};

/// Runs the update twice on the device, state to and fro, and compares with core after each.
void expect_updates_of_core(std::mt19937_64& random, const UpdateCase& c) {
  Stream stream;
  const std::size_t all = c.parameters + c.rates, tasks = static_cast<std::size_t>(c.tasks);
  MetaParameters<float> want{std::vector<float>(c.parameters), std::vector<float>(c.rates)};
  for (auto* part : {&want.theta, &want.rates})
    for (float& value : *part) value = random_float(random, -10, 2);
  OptimizerState<float> state;
  std::vector<float> values(want.theta);
  values.insert(values.end(), want.rates.begin(), want.rates.end());
  DeviceArray<float> arrays[2][3], gradient, largest, before, after;
  kernels::MetaState states[2];
  for (const int turn : {0, 1})
    states[turn] = {turn == 0 ? arrays[0][0].upload(stream, values) : arrays[1][0].reserve(stream, all),
                    arrays[turn][1].reserve_zeroed(stream, all), arrays[turn][2].reserve_zeroed(stream, all)};
  DeviceArray<long long> sums, rate_sums, loss_digits;
  DeviceArray<std::uint8_t> status;
  DeviceArray<unsigned> ticket;
  DeviceArray<kernels::IterationInputs> inputs;
  DeviceArray<kernels::IterationSummary> summary;
  const auto own = static_cast<std::size_t>(kernels::update_blocks(static_cast<int>(all)));
  kernels::UpdateArguments job;
  job.ticket = ticket.reserve_zeroed(stream, 1);
  for (const int turn : {0, 1}) {
    GradientSum<float> sum;
    sum.theta = ExactSum(c.parameters);
    sum.rates = ExactSum(c.rates);
    // Each block's digits: those of an exact sum of its own.
    const auto digits_of = [&](ExactSum& total) {
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
    };
    job.sums = sums.reserve(stream, 0);
    const std::vector<long long> theta_digits = digits_of(sum.theta), rate_digits = digits_of(sum.rates);
    job.sums = sums.upload(stream, theta_digits);
    job.rate_sums = rate_sums.upload(stream, rate_digits);
    job.sets = c.blocks;
    job.parameters = static_cast<int>(c.parameters);
    job.rates = static_cast<int>(c.rates);
    std::vector<std::uint8_t> host_status(tasks);
    std::vector<float> losses[2] = {std::vector<float>(tasks), std::vector<float>(tasks)};
    for (std::size_t t = 0; t < tasks; ++t) {
      host_status[t] = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 5 : 0);
      for (std::size_t l : {0u, 1u}) {
        losses[l][t] = host_status[t] == 0 ? random_float(random, -140, 59) : std::nanf("");
        if (host_status[t] == 0) sum.losses.add(l, losses[l][t]);
      }
      sum.good += host_status[t] == 0;
    }
    job.status = status.upload(stream, host_status);
    job.loss_before = before.upload(stream, losses[0]);
    job.loss_after = after.upload(stream, losses[1]);
    job.tasks = c.tasks;
    job.now = states[turn];
    job.next = states[1 - turn];
    job.gradient = gradient.reserve(stream, all);
    job.summary = summary.reserve(stream, 1);
    job.loss_digits = loss_digits.reserve(stream, own * 2 * ExactSum::digits);
    job.largest = largest.reserve(stream, own);
    OptimizerState<float> next = {
        .step = state.step, .beta1_power = state.beta1_power, .beta2_power = state.beta2_power};
    const std::vector<kernels::IterationInputs> host_inputs = {{next_update(c.optimizer, next), 0}};
    job.inputs = inputs.upload(stream, host_inputs);
    kernels::launch_meta_update(job, stream.handle());
    stream.check("meta-update");
    const kernels::IterationSummary told = fetch(stream, job.summary, 1)[0];
    ASSERT_EQ(told.good, sum.good);
    ASSERT_EQ(fetch(stream, job.ticket, 1)[0], 0u);
    for (const long long digit : fetch(stream, job.sums, theta_digits.size())) ASSERT_EQ(digit, 0);
    for (const long long digit : fetch(stream, job.rate_sums, rate_digits.size())) ASSERT_EQ(digit, 0);
    if (sum.good == 0) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(told.mean_query_loss), 0x7fc00000u);
      return;
    }
    const auto count = static_cast<float>(sum.good);
    ASSERT_EQ(bits(std::vector{told.mean_query_loss_before, told.mean_query_loss}),
              bits(std::vector{sum.losses.rounded(0) / count, sum.losses.rounded(1) / count}));
    MetaParameters<float> mean;
    for (std::size_t i = 0; i < c.parameters; ++i) mean.theta.push_back(sum.theta.rounded(i) / count);
    for (std::size_t i = 0; i < c.rates; ++i) mean.rates.push_back(sum.rates.rounded(i) / count);
    std::vector<float> flat(mean.theta);
    flat.insert(flat.end(), mean.rates.begin(), mean.rates.end());
    ASSERT_EQ(bits(fetch(stream, job.gradient, all)), bits(flat));
    optimizer_step(c.optimizer, want, mean, state);
    flat = want.theta;
    flat.insert(flat.end(), want.rates.begin(), want.rates.end());
    ASSERT_EQ(bits(fetch(stream, job.next.values, all)), bits(flat));
    if (!state.first.empty()) {
      ASSERT_EQ(bits(fetch(stream, job.next.first, all)), bits(state.first));
    }
    if (!state.second.empty()) {
      ASSERT_EQ(bits(fetch(stream, job.next.second, all)), bits(state.second));
    }
  }
}

TEST_F(MetaKernels, UpdateIsThatOfCore) {
  std::mt19937_64 random(72);
  for (int round = 0; round < updates; ++round) {
    turn_order(round);
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
  // More than a thread's digits take between two carries; more parameters than the grid has columns.
  expect_updates_of_core(random, {3, 0, 2, 2 * 256 * 2048 + 77, -30, 10, optimizer});
  expect_updates_of_core(random, {17000, 33, 2, 3, -30, 10, optimizer});
#endif
}

}  // namespace
}  // namespace shoal::testing
