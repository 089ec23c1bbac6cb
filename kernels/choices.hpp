// SPDX-License-Identifier: Apache-2.0
// From the codes of a job to the maths of kernels/: the choice is made once per block of rows, outside of
// every loop.
#pragma once

#include "kernels/activations.hpp"
#include "kernels/losses.hpp"
#include "kernels/network.hpp"

namespace shoal::kernels {

/// use(activation) with the tag struct of `code`. L makes the instantiation belong to one instruction set.
template <class L, class Use>
SHOAL_HD void with_activation(ActivationCode code, Use use) {
  switch (code) {
    case ActivationCode::identity:
      return use(Identity{});
    case ActivationCode::relu:
      return use(Relu{});
    case ActivationCode::tanh:
      return use(Tanh{});
    case ActivationCode::sigmoid:
      return use(Sigmoid{});
    case ActivationCode::softplus:
      return use(Softplus{});
    case ActivationCode::silu:
      return use(Silu{});
    case ActivationCode::gelu:
      return use(Gelu{});
  }
}

template <class L, class Use>
SHOAL_HD void with_loss(const LossOptions& loss, const Network& net, Use use) {
  switch (loss.code) {
    case LossCode::mse:
      return use(Mse{net.outputs});
    case LossCode::huber:
      return use(Huber{net.outputs, loss.delta});
    case LossCode::bce:
      return use(Bce{net.outputs, loss.pos_weight});
    case LossCode::softmax:
      return use(Softmax{net.outputs});
    case LossCode::pinball:
      return use(Pinball{net.targets, loss.quantiles, loss.quantile_count});
    case LossCode::gaussian_nll:
      return use(GaussianNll{net.targets});
    case LossCode::qlike:
      return use(Qlike{net.outputs, loss.floor});
  }
}

}  // namespace shoal::kernels
