// SPDX-License-Identifier: Apache-2.0
// One update of theta and the learned rates by the outer optimizer.
#pragma once

#include <shoal/meta_learner.hpp>
#include <shoal/optimizer.hpp>

#include "kernels/update/optimizer_update.hpp"

namespace shoal {

/// The learning rate of update number `step` (from 0): constant, or half a cosine from learning_rate to
/// final_learning_rate over `iterations` updates. It does not use libm, so its bits are the same everywhere.
double scheduled_rate(const Optimizer& optimizer, std::int64_t step);

/// The L2 norm of the gradient, theta and rates together. In float, the squares are rounded and their exact
/// sum does not depend on an order (contract N3).
template <class Real>
double gradient_norm(std::span<const Real> theta, std::span<const Real> rates);
template <>
double gradient_norm(std::span<const float> theta, std::span<const float> rates);
template <>
double gradient_norm(std::span<const double> theta, std::span<const double> rates);

/// Computes the scalars of the next update, in double. Advances the counters and running products of `state`
/// (step, beta1_power, beta2_power) and does not touch its vectors.
template <class Real>
kernels::UpdateScalars<Real> next_update(const Optimizer& optimizer, OptimizerState<Real>& state);

/// PyTorch's update rules (optimizer.hpp), elementwise in Real with scalars that are computed in double.
/// Clips the gradient first, and overwrites `gradient`.
template <class Real>
void optimizer_step(const Optimizer& optimizer, MetaParameters<Real>& parameters,
                    MetaParameters<Real>& gradient, OptimizerState<Real>& state);

}  // namespace shoal
