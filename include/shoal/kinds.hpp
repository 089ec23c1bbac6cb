// SPDX-License-Identifier: Apache-2.0
// The enumerations that host and device code share. model.hpp, loss.hpp, algorithm.hpp and optimizer.hpp
// include this header and declare what belongs to each.
//
// This header includes nothing, not even the standard library, because code that is compiled for one
// instruction set or for a device includes it too (src/cpu/group_job.hpp gives the reason).
//
// Example:
//
//   #include <iostream>
//
//   for (shoal::LossKind kind : shoal::LossKinds::all) std::cout << shoal::to_string(kind) << '\n';
#pragma once

namespace shoal {

/// Every enumerator of Kind, in order. Backends, name tables, documentation and tests iterate over such a
/// list, so that none of them can forget a new enumerator.
template <class Kind, Kind... kinds>
struct KindList {
  static constexpr int size = sizeof...(kinds);
  static constexpr Kind all[size] = {kinds...};
};

/// Hidden-layer activations, as PyTorch defines them (softplus without threshold, gelu in erf form, relu' = 0
/// at 0).
enum class Activation : int { identity, relu, tanh, sigmoid, softplus, silu, gelu };
using Activations = KindList<Activation, Activation::identity, Activation::relu, Activation::tanh,
                             Activation::sigmoid, Activation::softplus, Activation::silu, Activation::gelu>;

/// Task losses, as PyTorch defines them, with the mean over rows and outputs.
enum class LossKind : int { mse, huber, bce, softmax, pinball, gaussian_nll, qlike };
using LossKinds = KindList<LossKind, LossKind::mse, LossKind::huber, LossKind::bce, LossKind::softmax,
                           LossKind::pinball, LossKind::gaussian_nll, LossKind::qlike>;

/// Which inner learning rates are meta-learned, and at what grain.
enum class LearnedRate : int { none, layer, layer_step, parameter };

/// How the outer gradient is formed from the inner trajectory.
enum class OuterRule : int {
  exact,           ///< adjoint recursion through every step: the exact gradient
  first_order,     ///< sum of w_k grad L_q(phi_k), without second derivatives
  parameter_move,  ///< theta - phi_K (Reptile)
};

/// The outer optimizer's update rule.
enum class OptimizerKind : int { sgd, momentum, adam, adamw };

}  // namespace shoal
