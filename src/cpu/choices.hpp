// SPDX-License-Identifier: Apache-2.0
// From the codes of a job to the maths of kernels/: the choice is made once per block of rows, outside of
// every loop.
#pragma once

#include "cpu/group_job.hpp"
#include "kernels/activations.hpp"
#include "kernels/losses.hpp"

namespace shoal::cpu {

/// use(activation) with the tag struct of `code`. L makes the instantiation belong to one instruction set.
template <class L, class Use>
void with_activation(ActivationCode code, Use use) {
  switch (code) {
    case ActivationCode::identity:
      return use(kernels::Identity{});
    case ActivationCode::relu:
      return use(kernels::Relu{});
    case ActivationCode::tanh:
      return use(kernels::Tanh{});
    case ActivationCode::sigmoid:
      return use(kernels::Sigmoid{});
    case ActivationCode::softplus:
      return use(kernels::Softplus{});
    case ActivationCode::silu:
      return use(kernels::Silu{});
    case ActivationCode::gelu:
      return use(kernels::Gelu{});
  }
}

template <class L, class Use>
void with_loss(const LossOptions& loss, const Network& net, Use use) {
  switch (loss.code) {
    case LossCode::mse:
      return use(kernels::Mse{net.outputs});
    case LossCode::huber:
      return use(kernels::Huber{net.outputs, loss.delta});
    case LossCode::bce:
      return use(kernels::Bce{net.outputs, loss.pos_weight});
    case LossCode::softmax:
      return use(kernels::Softmax{net.outputs});
    case LossCode::pinball:
      return use(kernels::Pinball{net.targets, loss.quantiles, loss.quantile_count});
    case LossCode::gaussian_nll:
      return use(kernels::GaussianNll{net.targets});
    case LossCode::qlike:
      return use(kernels::Qlike{net.outputs, loss.floor});
  }
}

/// Whether f'' is not identically zero, so that the tape needs it.
inline constexpr bool is_curved(ActivationCode code) {
  return code != ActivationCode::identity && code != ActivationCode::relu;
}

}  // namespace shoal::cpu
