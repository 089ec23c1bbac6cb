// SPDX-License-Identifier: Apache-2.0
// Kernels made for a shape have the bits of the cpu backend: random tasks for every test shape, ragged, with
// rows that are not finite, with steps that diverge, in every order of threads.
// Covers fixed/fixed_source, fixed/launcher, fixed/shape_choice, fixed/sum_places, bench_instances.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <set>

#include "cuda/runtime/counts.hpp"
#include "cuda_under_test.hpp"
#include "fixed_shapes.hpp"
#include "support/bits.hpp"
#include "support/random_case.hpp"
#include "support/same_meta_gradient.hpp"
#include "support/spoiled_tasks.hpp"

namespace shoal::testing {
namespace {

const int rounds = [] {
  if (const char* of_fixed_kernels = std::getenv("SHOAL_FIXED_ROUNDS"))
    return std::max(1, std::atoi(of_fixed_kernels));
  const char* requested = std::getenv("SHOAL_TEST_ROUNDS");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int usual = 3;
#else
  constexpr int usual = 70;
#endif
  return requested ? std::max(1, std::atoi(requested) / 16) : usual;
}();

/// A case of the shape; the draw is repeated until the numbers of outputs and quantiles fit.
RandomCase case_of(const FixedTestShape& test, std::mt19937_64& random) {
  const kernels::FixedShape& shape = test.shape;
  CaseLimits limits{
      .most_tasks = 9, .most_rows = shape.rows, .most_inputs = shape.inputs, .least_inputs = shape.inputs};
  limits.empty_support = false;
  limits.hidden.assign(shape.outputs_of, shape.outputs_of + shape.layers - 1);
  for (;;) {
    RandomCase c = random_case(random, test.algorithm, shape.loss, shape.activation, limits);
    const bool targets = c.loss.has_labels() || c.tasks.columns().targets == shape.targets;
    if (c.model.outputs == shape.outputs() && targets && !c.model.skip &&
        static_cast<int>(c.loss.quantiles.size()) == shape.quantiles &&
        (c.tasks.columns().offsets > 0) == shape.offset)
      return c;
  }
}

/// Makes some tasks fail: a row that is not a number, rows so large that a step diverges or the gradient of
/// the query side is too large.
void spoil(RandomCase& c, std::mt19937_64& random) {
  const TaskSet<float>& from = random() % 2 == 0 ? c.tasks.support() : c.tasks.query();
  TaskSetStorage<float> support = copy_of(c.tasks.support()), query = copy_of(c.tasks.query());
  TaskSetStorage<float>& side = &from == &c.tasks.support() ? support : query;
  const int task = uniform_int(random, 0, static_cast<int>(c.tasks.size()) - 1);
  const float factors[] = {std::numeric_limits<float>::quiet_NaN(), 1e8f, 1e12f, 1e18f, 1e30f};
  const float factor = factors[random() % std::size(factors)];
  const bool targets = c.loss.kind == LossKind::mse && random() % 2 == 0;
  std::vector<float>& values = targets ? side.y : side.x;
  const auto columns =
      static_cast<std::size_t>(targets ? c.tasks.columns().targets : c.tasks.columns().inputs);
  const auto begin = static_cast<std::size_t>(side.row_starts[static_cast<std::size_t>(task)]) * columns,
             end = static_cast<std::size_t>(side.row_starts[static_cast<std::size_t>(task) + 1]) * columns;
  for (std::size_t e = begin; e < end; ++e) values[e] *= factor;
  c.tasks = TaskBatch::own(c.tasks.columns(), std::move(support), std::move(query),
                           {c.tasks.ids().begin(), c.tasks.ids().end()});
}

void expect_bits_of_cpu(const Context& cpu, const Context& cuda, const RandomCase& c, const std::string& what,
                        std::set<TaskStatus>* met = nullptr) {
  const auto want = learner_for<float>(cpu, c).meta_gradient(c.tasks, KeepFastWeights::yes);
  const auto got = learner_for<float>(cuda, c).meta_gradient(c.tasks, KeepFastWeights::yes);
  expect_same_bits(got, want, what);
  if (met) met->insert(want.status.begin(), want.status.end());
}

class FixedKernels : public ::testing::TestWithParam<int> {
 protected:
  const FixedTestShape& shape() const { return fixed_test_shapes[static_cast<std::size_t>(GetParam())]; }
  /// Insists on kernels for the shape: those compiled ahead of time, or compiled now.
  void insist(bool ahead) const {
    cuda_under_test.fixed = shoal::FixedKernels::always;
    cuda_under_test.fixed_lanes = shape().shape.lanes;
    cuda_under_test.fixed_rows = shape().shape.rows;
    cuda_under_test.fixed_streamed = shape().shape.streamed;
    cuda_under_test.compiles = !ahead;
    if (ahead) cuda_under_test.fixed_instances = fixed_test_instances();
  }
  void SetUp() override { offer_fixed_kernels(); }
  void TearDown() override {
    cuda_under_test = {};
    set_thread_order(0);
  }
};

TEST_P(FixedKernels, HaveTheBitsOfTheCpu) {
  insist(true);
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}), cuda({.backend = BackendKind::cuda});
  std::mt19937_64 random(static_cast<unsigned>(71 + GetParam()));
  std::set<TaskStatus> met;
  const long before = cuda::device_counts().made_for_shape;
  for (int round = 0; round < rounds; ++round) {
    set_thread_order(round);
    RandomCase c = case_of(shape(), random);
    if (round % 3 == 1) spoil(c, random);
    if (round % 12 == 6) c.tasks = spoiled(random, c.tasks);
    expect_bits_of_cpu(cpu, cuda, c, c.describe() + ", round " + std::to_string(round), &met);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(cuda::device_counts().made_for_shape - before, rounds) << "no other kernel did the work";
  if (rounds > 50) {
    EXPECT_GE(met.size(), shape().shape.loss == LossKind::mse ? 3u : 2u) << "spoiled rows make tasks fail";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, FixedKernels,
                         ::testing::Range(0, static_cast<int>(fixed_test_shapes.size())));

using FixedKernelsAtRunTime = FixedKernels;

TEST_P(FixedKernelsAtRunTime, HaveTheBitsOfTheCpu) {
  insist(false);
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}), cuda({.backend = BackendKind::cuda});
  std::mt19937_64 random(static_cast<unsigned>(171 + GetParam()));
  for (int round = 0; round < std::min(rounds, 12); ++round) {
    set_thread_order(round);
    RandomCase c = case_of(shape(), random);
    if (round % 3 == 1) spoil(c, random);
    expect_bits_of_cpu(cpu, cuda, c, c.describe() + ", round " + std::to_string(round));
    if (HasFatalFailure()) return;
  }
}

// Nobody notices when the kernel arrives in the middle of a training.
TEST_P(FixedKernelsAtRunTime, ArriveInTheMiddleOfATraining) {
  insist(false);
  cuda_under_test.fixed = shoal::FixedKernels::where_possible;
  const Context cpu({.backend = BackendKind::cpu, .threads = 1}), cuda({.backend = BackendKind::cuda});
  std::mt19937_64 random(static_cast<unsigned>(271 + GetParam()));
  const RandomCase first = case_of(shape(), random);
  MetaLearner want = learner_for<float>(cpu, first), got = learner_for<float>(cuda, first);
  const long before = cuda::device_counts().made_for_shape;
  const auto arrived = [&] { return cuda::device_counts().made_for_shape > before; };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  int generic = 0, after = 0;
  while (after < 4) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the kernel has not arrived";
    const RandomCase c = case_of(shape(), random);
    const auto report = got.meta_step(c.tasks), expected = want.meta_step(c.tasks);
    ASSERT_EQ(bits({report.mean_query_loss}), bits({expected.mean_query_loss}));
    ASSERT_EQ(bits(got.parameters().theta), bits(want.parameters().theta)) << generic << ", " << after;
    ASSERT_EQ(bits(got.parameters().rates), bits(want.parameters().rates)) << generic << ", " << after;
    ++(arrived() ? after : generic);
  }
  EXPECT_GT(generic, 0) << "the first steps ran without it";
}

INSTANTIATE_TEST_SUITE_P(Shapes, FixedKernelsAtRunTime, ::testing::Values(1, 5, 9));

#if !defined(SHOAL_SIMT)
/// The shape of a random case of this algorithm, loss and activation: as far as draws depend on it.
FixedTestShape random_shape(const FixedTestShape& kind, LossKind loss, Activation activation,
                            std::mt19937_64& random) {
  const CaseLimits limits{.most_inputs = 9, .most_width = 20, .least_depth = 1};
  for (;;) {
    const RandomCase c = random_case(random, kind.algorithm, loss, activation, limits);
    if (c.model.skip) continue;
    kernels::FixedShape shape{.inputs = c.model.inputs,
                              .layers = static_cast<int>(c.model.hidden.size()) + 1,
                              .targets = std::max(c.tasks.columns().targets, 1),
                              .rows = 2 * uniform_int(random, 1, 8),
                              .lanes = 16 << uniform_int(random, 0, 3),
                              .activation = activation,
                              .loss = loss,
                              .quantiles = static_cast<int>(c.loss.quantiles.size())};
    std::copy(c.model.hidden.begin(), c.model.hidden.end(), shape.outputs_of);
    shape.outputs_of[shape.layers - 1] = c.model.outputs;
    shape.offset = c.tasks.columns().offsets > 0;
    shape.streamed = shape.lanes >= 32 && uniform_int(random, 0, 2) == 0;
    return {kind.algorithm, shape};
  }
}

// Every pair of algorithm, loss and activation, on shapes that are drawn and compiled here: a Latin square.
// The variable asks for all 49; otherwise the first few.
TEST(FixedKernelPairs, HaveTheBitsOfTheCpu) {
  const char* const requested = std::getenv("SHOAL_FIXED_PAIRS");
  const int shapes = requested ? std::atoi(requested) : 2;
  constexpr int cases_of_a_shape = 21;
  constexpr int kinds = 7;
  const kernels::FixedShape none{};
  const FixedTestShape algorithms[kinds] = {maml(none),           fomaml(none),   anil(none),
                                            boil(none),           meta_sgd(none), maml_layer(none),
                                            maml_layer_step(none)};
  static_assert(std::size(Activations::all) == kinds && std::size(LossKinds::all) == kinds);
  std::mt19937_64 random(471);
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  for (int n = 0; n < shapes; ++n) {
    const int a = n % kinds, b = n / kinds % kinds;
    const FixedTestShape test =
        random_shape(algorithms[(a + b) % kinds], LossKinds::all[b], Activations::all[a], random);
    cuda_under_test = {};
    cuda_under_test.fixed = shoal::FixedKernels::always;
    cuda_under_test.fixed_lanes = test.shape.lanes;
    cuda_under_test.fixed_rows = test.shape.rows;
    cuda_under_test.fixed_streamed = test.shape.streamed;
    cuda_under_test.compiles = true;
    const Context cuda({.backend = BackendKind::cuda});
    for (int round = 0; round < cases_of_a_shape; ++round) {
      RandomCase c = case_of(test, random);
      if (round % 3 == 1) spoil(c, random);
      expect_bits_of_cpu(cpu, cuda, c,
                         c.describe() + ", shape " + std::to_string(n) + ", round " + std::to_string(round));
      if (HasFatalFailure()) break;
    }
    if (HasFatalFailure()) break;
  }
  cuda_under_test = {};
}
#endif

}  // namespace
}  // namespace shoal::testing
