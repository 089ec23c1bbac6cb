// SPDX-License-Identifier: Apache-2.0
// Offsets of tensors in the flat vectors, written out by hand.
#include <gtest/gtest.h>

#include <shoal/model.hpp>

#include "expect_error.hpp"
#include "expect_tensors.hpp"

namespace shoal::testing {
namespace {

TEST(ParameterLayout, OfTwoHiddenLayersAndASkip) {
  const ParameterLayout layout({.inputs = 3, .hidden = {5, 4}, .outputs = 2, .skip = true});
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

}  // namespace
}  // namespace shoal::testing
