// SPDX-License-Identifier: Apache-2.0
// Where tensors lie in the flat vectors: written out by hand.
#include <gtest/gtest.h>

#include <shoal/meta_learner.hpp>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

void expect_tensors(std::span<const TensorSpec> got, const std::vector<TensorSpec>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t t = 0; t < wanted.size(); ++t)
    EXPECT_EQ(got[t], wanted[t]) << got[t].name << " at " << got[t].offset << ", wanted " << wanted[t].name;
}

const ModelSpec two_hidden{.inputs = 3, .hidden = {5, 4}, .outputs = 2, .skip = true};

TEST(ParameterLayout, OfTwoHiddenLayersAndASkip) {
  const ParameterLayout layout(two_hidden);
  expect_tensors(layout.tensors(), {{"layers.0.weight", {3, 5}, 0, 15, 0},
                                    {"layers.0.bias", {5}, 15, 5, 0},
                                    {"layers.1.weight", {5, 4}, 20, 20, 1},
                                    {"layers.1.bias", {4}, 40, 4, 1},
                                    {"layers.2.weight", {4, 2}, 44, 8, 2},
                                    {"layers.2.bias", {2}, 52, 2, 2},
                                    {"skip.weight", {3, 2}, 54, 6, 2}});
  EXPECT_EQ(layout.size(), 60u);
  EXPECT_EQ(layout.layers(), 3);
  EXPECT_EQ(layout.weight(1).name, "layers.1.weight");
  EXPECT_EQ(layout.bias(2).name, "layers.2.bias");
  ASSERT_NE(layout.skip(), nullptr);
  EXPECT_EQ(layout.skip()->offset, 54u);
  std::string head;
  for (const TensorSpec& tensor : layout.tensors())
    if (layout.in_head(tensor)) head += tensor.name + " ";
  EXPECT_EQ(head, "layers.2.weight layers.2.bias skip.weight ");
}

TEST(ParameterLayout, OfALinearModel) {
  const ParameterLayout layout({.inputs = 2, .hidden = {}, .outputs = 1});
  expect_tensors(layout.tensors(), {{"layers.0.weight", {2, 1}, 0, 2, 0}, {"layers.0.bias", {1}, 2, 1, 0}});
  EXPECT_EQ(layout.skip(), nullptr);
  EXPECT_TRUE(layout.in_head(layout.weight(0)));
}

TEST(ParameterLayout, RefusesWidthsBelowOneAndTooManyParameters) {
  expect_error<InvalidArgument>([] { ParameterLayout({.inputs = 0}); },
                                "model: number of inputs must be at least 1, is 0");
  expect_error<InvalidArgument>([] { ParameterLayout({.outputs = -1}); },
                                "model: number of outputs must be at least 1, is -1");
  expect_error<InvalidArgument>(
      [] {
        ParameterLayout({.hidden = {4, 0}});
      },
      "model: hidden width 1 must be at least 1, is 0");
  expect_error<InvalidArgument>(
      [] {
        ParameterLayout({.hidden = {65536, 65536}});
      },
      "model: more than 2^31 - 1 parameters at layers.1.weight");
  expect_error<InvalidArgument>([] { ParameterLayout({.inputs = 2147483647, .hidden = {2147483647}}); },
                                "model: more than 2^31 - 1 parameters at layers.0.weight");
}

TEST(RateLayout, OfEveryGrain) {
  const ParameterLayout layout(two_hidden);
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
