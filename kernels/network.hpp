// SPDX-License-Identifier: Apache-2.0
// What every backend's inner code is told about a problem: plain data, no standard library, the same on a CPU
// lane and a CUDA thread.
#pragma once

#include <cstddef>

#include "kernels/lanes.hpp"

namespace shoal::kernels {

enum class ActivationCode : int { identity, relu, tanh, sigmoid, softplus, silu, gelu };
enum class LossCode : int { mse, huber, bce, softmax, pinball, gaussian_nll, qlike };
enum class OuterCode : int { exact, first_order, parameter_move };
enum class RateCode : int { fixed, layer, layer_step, parameter };

/// One dense layer: where its tensors lie in the flat parameter vector.
struct LayerShape {
  int inputs = 0, outputs = 0;
  std::size_t weight = 0, bias = 0;
  int stride = 0;        ///< between rows of the weight; `outputs` where nothing is padded
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
  ActivationCode activation = ActivationCode::relu;
};

struct LossOptions {
  LossCode code = LossCode::mse;
  float delta = 1.0f, pos_weight = 1.0f, floor = -1.0f;
  const float* quantiles = nullptr;
  int quantile_count = 0;
};

struct InnerOptions {
  int steps = 1;
  OuterCode outer = OuterCode::exact;
  RateCode rates = RateCode::fixed;
  int rate_steps = 1;
  float learning_rate = 0.01f;
  const float* step_weights = nullptr;  ///< [steps], or null: the last step alone
  float max_move = 0.0f;                ///< 0 = off
};

/// Whether f'' is not identically zero, so that the tape needs it.
SHOAL_HD constexpr bool is_curved(ActivationCode code) {
  return code != ActivationCode::identity && code != ActivationCode::relu;
}

/// Whether f' does not follow from f, so that a tape must keep it (kernels/activations.hpp, from_value).
SHOAL_HD constexpr bool keeps_slope(ActivationCode code) {
  return code == ActivationCode::softplus || code == ActivationCode::silu || code == ActivationCode::gelu;
}

/// Matrices that the cpu backend's tape keeps of a hidden layer: a, dL/dz and, where needed, dL/da f'' and
/// f'.
constexpr std::size_t tape_parts(ActivationCode code) {
  return 2u + (is_curved(code) ? 1u : 0u) + (keeps_slope(code) ? 1u : 0u);
}

}  // namespace shoal::kernels
