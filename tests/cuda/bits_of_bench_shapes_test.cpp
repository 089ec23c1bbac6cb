// SPDX-License-Identifier: Apache-2.0
// All numbers of the cuda backend have the bits of the cpu backend's, for the shapes of the benchmark and
// every algorithm: whole tensors are compared as bytes. For a device only: kernels on the host would take
// hours. SHOAL_BITS_TASKS: tasks of a case. SHOAL_BITS_PLAN: the launch plan of the cuda backend, like fixed;
// what the plan cannot run is skipped with the reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include <shoal/program_environment.hpp>

#include "bench/shapes.hpp"
#include "cuda_under_test.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

using bench::Shape;

/// Number of tasks of a case: fewer if one takes much work.
std::int64_t tasks_of(const Shape& shape) {
  if (const char* requested = std::getenv("SHOAL_BITS_TASKS")) return std::atoi(requested);
  constexpr double most_flops = 5e10;
  return std::clamp(static_cast<std::int64_t>(most_flops / shape.flops_per_task()), std::int64_t{1},
                    std::int64_t{200});
}

const char* prescribed_plan() {
  return std::getenv("SHOAL_BITS_PLAN");
}

/// A context of the cuda backend, with the prescribed plan.
Context cuda_context() {
  if (prescribed_plan() != nullptr) {
    // What the plan compiles is kept for the next run.
    ContextOptions options = with_environment({.backend = BackendKind::cuda});
    options.cuda_plan = prescribed_plan();
    cuda_under_test = cuda_options(options);
  }
  return Context({.backend = BackendKind::cuda});
}

template <class T>
void expect_same_bytes(const std::vector<T>& got, const std::vector<T>& want, const char* what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  if (got.empty() || std::memcmp(got.data(), want.data(), got.size() * sizeof(T)) == 0) return;
  const auto differs = [&](std::size_t i) { return std::memcmp(&got[i], &want[i], sizeof(T)) != 0; };
  std::size_t first = 0, count = 0;
  for (std::size_t i = got.size(); i-- > 0;)
    if (differs(i)) {
      first = i;
      ++count;
    }
  FAIL() << what << ": " << count << " of " << got.size() << " differ, the first at " << first << ": "
         << ::testing::PrintToString(got[first]) << " and " << ::testing::PrintToString(want[first]);
}

class BitsOfBenchShapes : public ::testing::TestWithParam<std::tuple<Shape, std::string>> {};

/// Compares two steps of training.
void compare(const Shape& shape, const std::string& algorithm) {
  static const Context cpu({.backend = BackendKind::cpu});
  const Context cuda = cuda_context();  // not static: kernels must be unloaded before the runtime ends
  MetaLearner::Options options;
  options.model = shape.model();
  options.loss.kind = shape.loss;
  options.algorithm = named_algorithm(algorithm, {.steps = shape.steps, .learning_rate = 0.01});
  MetaLearner one(cpu, options), other(cuda, options);
  const std::int64_t count = tasks_of(shape);
  for (std::uint64_t step = 0; step < 2; ++step) {
    const TaskBatch tasks = bench::make_tasks(shape, count, step);
    const auto want = one.meta_gradient(tasks, KeepFastWeights::yes),
               got = other.meta_gradient(tasks, KeepFastWeights::yes);
    ASSERT_EQ(want.good, count);
    expect_same_bytes(got.status, want.status, "status");
    expect_same_bytes(got.query_loss_before, want.query_loss_before, "query loss before");
    expect_same_bytes(got.query_loss, want.query_loss, "query loss");
    expect_same_bytes(got.fast_weights, want.fast_weights, "fast weights");
    expect_same_bytes(got.theta, want.theta, "meta-gradient");
    expect_same_bytes(got.rates, want.rates, "gradient of the rates");
    one.meta_step(tasks);
    other.meta_step(tasks);
    expect_same_bytes(other.parameters().theta, one.parameters().theta, "parameters");
    expect_same_bytes(other.parameters().rates, one.parameters().rates, "rates");
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST_P(BitsOfBenchShapes, AreThoseOfTheCpu) {
  const auto& [shape, algorithm] = GetParam();
  try {
    compare(shape, algorithm);
  } catch (const ResourceError& error) {
    if (prescribed_plan() == nullptr) throw;
    GTEST_SKIP() << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, BitsOfBenchShapes,
                         ::testing::Combine(::testing::ValuesIn(bench::shapes().begin(),
                                                                bench::shapes().end()),
                                            ::testing::ValuesIn(algorithm_names())),
                         [](const auto& made) {
                           std::string name =
                               std::string(std::get<0>(made.param).name) + "_" + std::get<1>(made.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace shoal::testing
