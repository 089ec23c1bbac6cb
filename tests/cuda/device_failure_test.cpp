// SPDX-License-Identifier: Apache-2.0
// Makes every call of the device layer fail in turn: each failure is a ResourceError that names the call,
// leaks nothing, and leaves a backend that works.
#include <gtest/gtest.h>

#include <bit>

#include <shoal/error.hpp>

#include "cuda_under_test.hpp"
#include "simt/device_host.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

class DeviceFailure : public ::testing::Test {
 protected:
  void TearDown() override {
    simt::set_device({});
    cuda_under_test = {};
  }
};

void fail_each_call_in_turn(Math math) {
  std::mt19937_64 random(51);
  const RandomCase c =
      random_case(random, "meta-sgd", LossKind::pinball, Activation::tanh,
                  {.most_tasks = 4, .most_steps = 1, .least_rows = 12, .empty_support = false});
  const long before = simt::live_objects();
  {
    const Context cuda({.backend = BackendKind::cuda, .math = math, .time_device = true});
    const MetaLearner learner = learner_for<float>(cuda, c);
    const auto run = [&] {
      const auto g = learner.meta_gradient(c.tasks, KeepFastWeights::yes);
      const auto models = learner.adapt(c.tasks, 2);
      const int points[] = {0, 2};
      learner.evaluate(c.tasks, points);
      learner.predict(models, c.tasks.query(), c.tasks.columns());
      return g;
    };
    simt::set_device({});
    const auto want = run();
    ASSERT_GT(simt::device_calls(), 50);
    for (long n = 1;; ++n) {  // the backend keeps its memory, so that later runs make fewer calls
      simt::set_device({.fails_at = n});
      bool failed = false;
      try {
        run();
      } catch (const ResourceError& error) {
        failed = true;
        EXPECT_NE(std::string(error.what()).find("planted failure"), std::string::npos);
      }
      simt::set_device({});
      if (!failed) {
        ASSERT_GT(n, 50);
        break;
      }
      const auto got = run();
      ASSERT_EQ(got.theta, want.theta) << "after failure of call " << n;
      ASSERT_EQ(got.fast_weights, want.fast_weights) << "after failure of call " << n;
    }
  }
  EXPECT_EQ(simt::live_objects(), before);
}

TEST_F(DeviceFailure, EachCallInTurn) {
  fail_each_call_in_turn(Math::exact);
}
TEST_F(DeviceFailure, EachCallInTurnLayerByLayer) {
  cuda_under_test = {.layer_by_layer = true};
  fail_each_call_in_turn(Math::exact);
}
TEST_F(DeviceFailure, EachCallInTurnOfFastMath) {
  cuda_under_test = {.layer_by_layer = true};
  fail_each_call_in_turn(Math::fast);
}

TEST_F(DeviceFailure, WithoutADriverTheContextSaysSo) {
  simt::set_device({.present = false});
  try {
    const Context cuda({.backend = BackendKind::cuda});
    FAIL() << "no device, and no error";
  } catch (const ResourceError& error) {
    EXPECT_NE(std::string(error.what()).find("cudaErrorInsufficientDriver"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace shoal::testing
