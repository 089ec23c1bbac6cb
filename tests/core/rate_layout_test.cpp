// SPDX-License-Identifier: Apache-2.0
// Offsets of learned rates in their vector, written out by hand.
#include <gtest/gtest.h>

#include <shoal/meta_learner.hpp>

#include "expect_tensors.hpp"

namespace shoal::testing {
namespace {

TEST(RateLayout, OfEveryGrain) {
  const ParameterLayout layout({.inputs = 3, .hidden = {5, 4}, .outputs = 2, .skip = true});
  const RateLayout none(layout, LearnedRate::none, 3);
  EXPECT_EQ(none.size(), 0u);
  EXPECT_TRUE(none.tensors().empty());

  const RateLayout layer(layout, LearnedRate::layer, 3);
  expect_tensors(layer.tensors(), {{"inner_lr.layers.0", {}, 0, 1, 0},
                                   {"inner_lr.layers.1", {}, 1, 1, 1},
                                   {"inner_lr.layers.2", {}, 2, 1, 2}});
  EXPECT_EQ(layer.size(), 3u);
  EXPECT_EQ(layer.steps(), 1);

  const RateLayout layer_step(layout, LearnedRate::layer_step, 4);
  expect_tensors(layer_step.tensors(), {{"inner_lr.layers.0", {4}, 0, 4, 0},
                                        {"inner_lr.layers.1", {4}, 4, 4, 1},
                                        {"inner_lr.layers.2", {4}, 8, 4, 2}});
  EXPECT_EQ(layer_step.size(), 12u);
  EXPECT_EQ(layer_step.steps(), 4);
  EXPECT_EQ(RateLayout(layout, LearnedRate::layer_step, 0).steps(), 1) << "K = 0 still names a rate";

  const RateLayout parameter(layout, LearnedRate::parameter, 4);
  EXPECT_EQ(parameter.size(), layout.size());
  EXPECT_EQ(parameter.steps(), 1);
  ASSERT_EQ(parameter.tensors().size(), layout.tensors().size());
  for (std::size_t t = 0; t < layout.tensors().size(); ++t) {
    TensorSpec wanted = layout.tensors()[t];
    wanted.name = "inner_lr." + wanted.name;
    EXPECT_EQ(parameter.tensors()[t], wanted) << "a rate lies where its parameter lies";
  }
}

}  // namespace
}  // namespace shoal::testing
