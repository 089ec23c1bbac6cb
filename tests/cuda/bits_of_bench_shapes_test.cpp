// SPDX-License-Identifier: Apache-2.0
// All numbers of the cuda backend have the bits of the cpu backend's, for the shapes of the benchmark and
// every algorithm: whole tensors are compared as bytes. For a device only: kernels on the host would take
// hours.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "bench/shapes.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

using bench::Shape;

/// Number of tasks of a case: fewer if one takes much work; emulated devices ask for fewer.
std::int64_t tasks_of(const Shape& shape) {
  constexpr double most_flops = 5e10;
  const char* requested = std::getenv("SHOAL_BITS_TASKS");
  const std::int64_t tasks = requested ? std::atoi(requested) : 200;
  return std::clamp(static_cast<std::int64_t>(most_flops / shape.flops_per_task()), std::int64_t{1}, tasks);
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

TEST_P(BitsOfBenchShapes, AreThoseOfTheCpu) {
  const auto& [shape, algorithm] = GetParam();
  static const Context cpu({.backend = BackendKind::cpu}), cuda({.backend = BackendKind::cuda});
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
    if (HasFatalFailure()) return;
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
