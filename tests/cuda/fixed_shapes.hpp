// SPDX-License-Identifier: Apache-2.0
// The shapes for which the tests compile kernels ahead of time: every algorithm, loss and activation that
// such kernels have, all numbers of lanes, hidden layers and strips, widths that fit the lanes and widths
// that do not.
#pragma once

#include <array>
#include <span>

#include "kernels/fixed/instance.hpp"

namespace shoal::testing {

struct FixedTestShape {
  const char* algorithm;  ///< a name of algorithm_names()
  kernels::FixedShape shape;
};

/// A shape of an algorithm: its outer rule, the tensors that do not adapt, the learned rates.
constexpr FixedTestShape test_shape(const char* algorithm, OuterRule outer, LearnedRate rates, bool body,
                                    bool head, kernels::FixedShape shape) {
  const unsigned of_head = 3u << (2 * (shape.layers - 1)), of_body = (1u << (2 * (shape.layers - 1))) - 1u;
  shape.exact = outer == OuterRule::exact;
  shape.rates = rates;
  shape.frozen = (body ? 0u : of_body) | (head ? 0u : of_head);
  return {algorithm, shape};
}
constexpr FixedTestShape maml(kernels::FixedShape shape) {
  return test_shape("maml", OuterRule::exact, LearnedRate::none, true, true, shape);
}
constexpr FixedTestShape fomaml(kernels::FixedShape shape) {
  return test_shape("fomaml", OuterRule::first_order, LearnedRate::none, true, true, shape);
}
constexpr FixedTestShape anil(kernels::FixedShape shape) {
  return test_shape("anil", OuterRule::exact, LearnedRate::none, false, true, shape);
}
constexpr FixedTestShape boil(kernels::FixedShape shape) {
  return test_shape("boil", OuterRule::exact, LearnedRate::none, true, false, shape);
}
constexpr FixedTestShape meta_sgd(kernels::FixedShape shape) {
  return test_shape("meta-sgd", OuterRule::exact, LearnedRate::parameter, true, true, shape);
}
constexpr FixedTestShape maml_layer(kernels::FixedShape shape) {
  return test_shape("maml-layer", OuterRule::exact, LearnedRate::layer, true, true, shape);
}
constexpr FixedTestShape maml_layer_step(kernels::FixedShape shape) {
  return test_shape("maml-layer-step", OuterRule::exact, LearnedRate::layer_step, true, true, shape);
}

inline constexpr std::array<FixedTestShape, 25> fixed_test_shapes = {{
    maml({.inputs = 1, .layers = 3, .outputs_of = {40, 40, 1}, .rows = 10, .lanes = 16}),
    maml({.inputs = 16,
          .layers = 3,
          .outputs_of = {32, 32, 2},
          .targets = 2,
          .rows = 20,
          .lanes = 32,
          .activation = Activation::tanh}),
    maml({.inputs = 4,
          .layers = 3,
          .outputs_of = {32, 64, 1},
          .rows = 12,
          .lanes = 128,
          .activation = Activation::tanh,
          .loss = LossKind::bce,
          .offset = true}),
    fomaml({.inputs = 3,
            .layers = 3,
            .outputs_of = {8, 12, 1},
            .rows = 8,
            .lanes = 32,
            .activation = Activation::relu,
            .loss = LossKind::huber}),
    anil({.inputs = 5,
          .layers = 2,
          .outputs_of = {7, 3},
          .rows = 12,
          .lanes = 64,
          .activation = Activation::sigmoid,
          .loss = LossKind::softmax}),
    meta_sgd({.inputs = 2,
              .layers = 3,
              .outputs_of = {11, 6, 3},
              .targets = 1,
              .rows = 6,
              .lanes = 16,
              .activation = Activation::softplus,
              .loss = LossKind::pinball,
              .quantiles = 3}),
    maml_layer({.inputs = 4,
                .layers = 3,
                .outputs_of = {8, 8, 2},
                .rows = 8,
                .lanes = 32,
                .activation = Activation::silu,
                .loss = LossKind::gaussian_nll}),
    maml_layer_step({.inputs = 1,
                     .layers = 3,
                     .outputs_of = {10, 9, 1},
                     .rows = 10,
                     .lanes = 16,
                     .activation = Activation::gelu,
                     .loss = LossKind::qlike}),
    boil({.inputs = 8,
          .layers = 3,
          .outputs_of = {32, 32, 1},
          .rows = 10,
          .lanes = 32,
          .activation = Activation::tanh,
          .loss = LossKind::mse}),
    maml({.inputs = 3,
          .layers = 4,
          .outputs_of = {12, 9, 10, 1},
          .rows = 8,
          .lanes = 16,
          .activation = Activation::tanh,
          .loss = LossKind::huber}),
    anil({.inputs = 6,
          .layers = 5,
          .outputs_of = {10, 8, 6, 7, 2},
          .rows = 6,
          .lanes = 32,
          .activation = Activation::softplus,
          .loss = LossKind::gaussian_nll}),
    maml({.inputs = 7,
          .layers = 3,
          .outputs_of = {20, 30, 4},
          .rows = 12,
          .lanes = 64,
          .activation = Activation::relu,
          .loss = LossKind::softmax}),
    fomaml({.inputs = 1,
            .layers = 2,
            .outputs_of = {33, 1},
            .rows = 40,
            .lanes = 256,
            .activation = Activation::sigmoid,
            .loss = LossKind::qlike}),
    meta_sgd({.inputs = 1,
              .layers = 2,
              .outputs_of = {20, 1},
              .rows = 6,
              .lanes = 32,
              .activation = Activation::tanh,
              .loss = LossKind::bce}),
    boil({.inputs = 2,
          .layers = 4,
          .outputs_of = {32, 32, 32, 2},
          .targets = 2,
          .rows = 10,
          .lanes = 32,
          .activation = Activation::silu,
          .loss = LossKind::mse,
          .offset = true}),
    maml({.inputs = 12,
          .layers = 2,
          .outputs_of = {18, 2},
          .targets = 2,
          .rows = 14,
          .lanes = 64,
          .activation = Activation::identity,
          .loss = LossKind::mse}),
    maml_layer({.inputs = 8,
                .layers = 3,
                .outputs_of = {16, 13, 1},
                .rows = 2,
                .lanes = 128,
                .activation = Activation::softplus,
                .loss = LossKind::huber}),
    // A swizzled weight whose rows do not fill their last four.
    maml({.inputs = 3, .layers = 3, .outputs_of = {30, 32, 1}, .rows = 12, .lanes = 32}),
    // First activations that are computed again although their layer does not adapt.
    anil({.inputs = 1,
          .layers = 2,
          .outputs_of = {12, 1},
          .rows = 8,
          .lanes = 64,
          .activation = Activation::relu,
          .loss = LossKind::mse}),
    // Gradients of a weight that a lane sums up in two rounds.
    maml({.inputs = 3,
          .layers = 3,
          .outputs_of = {64, 64, 1},
          .rows = 6,
          .lanes = 32,
          .activation = Activation::tanh}),
    // Streamed activations: many slabs; parts of a slab; one input; one hidden layer; more rows than lanes.
    maml({.inputs = 36,
          .layers = 3,
          .outputs_of = {64, 32, 1},
          .rows = 40,
          .lanes = 128,
          .activation = Activation::tanh,
          .streamed = true}),
    meta_sgd({.inputs = 7,
              .layers = 4,
              .outputs_of = {21, 34, 18, 2},
              .targets = 2,
              .rows = 20,
              .lanes = 32,
              .activation = Activation::gelu,
              .loss = LossKind::mse,
              .offset = true,
              .streamed = true}),
    anil({.inputs = 1,
          .layers = 3,
          .outputs_of = {40, 24, 3},
          .rows = 20,
          .lanes = 32,
          .activation = Activation::relu,
          .loss = LossKind::softmax,
          .streamed = true}),
    fomaml({.inputs = 9,
            .layers = 2,
            .outputs_of = {37, 1},
            .rows = 80,
            .lanes = 64,
            .activation = Activation::sigmoid,
            .loss = LossKind::bce,
            .streamed = true}),
    boil({.inputs = 4,
          .layers = 3,
          .outputs_of = {32, 96, 2},
          .rows = 80,
          .lanes = 64,
          .activation = Activation::silu,
          .loss = LossKind::gaussian_nll,
          .streamed = true}),
}};

/// Their kernels.
std::span<const kernels::FixedInstance> fixed_test_instances();

/// Lets the stand-in for NVRTC "compile" them, where kernels run on the host.
void offer_fixed_kernels();

}  // namespace shoal::testing
