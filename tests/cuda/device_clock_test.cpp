// SPDX-License-Identifier: Apache-2.0
// The device's clock counts kernels when it is asked to, and changes no bit.
#include <gtest/gtest.h>

#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

TEST(DeviceClock, CountsWhenAskedTo) {
  std::mt19937_64 random(61);
  const RandomCase c = random_case(random, "maml", LossKind::mse, Activation::tanh);
  const Context plain({.backend = BackendKind::cuda}),
      timed({.backend = BackendKind::cuda, .time_device = true});
  EXPECT_EQ(plain.device_seconds(), std::nullopt);
  ASSERT_EQ(timed.device_seconds(), 0.0);
  const auto want = learner_for<float>(plain, c).meta_gradient(c.tasks);
  double before = 0.0;
  for (int call = 0; call < 3; ++call) {
    EXPECT_EQ(learner_for<float>(timed, c).meta_gradient(c.tasks).theta, want.theta);
    ASSERT_GT(timed.device_seconds(), before);
    before = *timed.device_seconds();
  }
  EXPECT_EQ(plain.device_seconds(), std::nullopt);
}

}  // namespace
}  // namespace shoal::testing
