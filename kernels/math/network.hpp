// SPDX-License-Identifier: Apache-2.0
// Describes a problem to the inner code of the cpu and cuda backends: plain data without the standard
// library, the same on a CPU lane and a CUDA thread.
#pragma once

#include <cstddef>

#include <shoal/kinds.hpp>

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// One dense layer: its shape, and where its tensors begin in the flat parameter vector.
struct LayerShape {
  int inputs = 0, outputs = 0;
  std::size_t weight = 0, bias = 0;
  int stride = 0;        ///< floats between rows of the weight; `outputs` where rows are not padded
  int width_before = 0;  ///< sum of the outputs of the layers below
  bool weight_adapts = true, bias_adapts = true;
};

struct Network {
  const LayerShape* layers = nullptr;
  int layer_count = 0;
  int inputs = 0, outputs = 0, targets = 0, offsets = 0;  ///< targets: columns of y (1 for labels)
  int widest = 0;                                         ///< largest of inputs and all layer outputs
  int hidden_width = 0;                                   ///< sum of the hidden widths
  int lowest_adapting = 0;                                ///< lowest layer with a tensor that adapts
  bool has_skip = false, skip_adapts = true;
  std::size_t skip = 0;        ///< offset of skip.weight
  std::size_t parameters = 0;  ///< P
  Activation activation = Activation::relu;
};

struct LossOptions {
  LossKind kind = LossKind::mse;
  float delta = 1.0f, pos_weight = 1.0f, floor = -1.0f;
  const float* quantiles = nullptr;
  int quantile_count = 0;
};

struct InnerOptions {
  int steps = 1;
  OuterRule outer = OuterRule::exact;
  LearnedRate rates = LearnedRate::none;
  int rate_steps = 1;
  float learning_rate = 0.01f;
  const float* step_weights = nullptr;  ///< [steps], or null: the last step alone
  float max_move = 0.0f;                ///< 0 = off
};

}  // namespace shoal::kernels
