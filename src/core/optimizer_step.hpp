// SPDX-License-Identifier: Apache-2.0
// One update of theta and the learned rates by the outer optimizer.
#pragma once

#include <shoal/meta_learner.hpp>
#include <shoal/optimizer.hpp>

#include "kernels/update/optimizer_update.hpp"

namespace shoal {

/// Learning rate of update number `step` (0-based): constant, or half a cosine from learning_rate down to
/// final_learning_rate over `iterations` updates. No libm: the same bits everywhere.
double scheduled_rate(const Optimizer& optimizer, std::int64_t step);

/// L2 norm of the gradient, theta and rates together. float: exact sum of rounded squares, in no order
/// (contract N3).
template <class Real>
double gradient_norm(std::span<const Real> theta, std::span<const Real> rates);
template <>
double gradient_norm(std::span<const float> theta, std::span<const float> rates);
template <>
double gradient_norm(std::span<const double> theta, std::span<const double> rates);

/// The scalars of the next update, once in double; advances the counters and running products of `state`
/// (step, beta1_power, beta2_power) and leaves its vectors alone.
template <class Real>
kernels::UpdateScalars<Real> next_update(const Optimizer& optimizer, OptimizerState<Real>& state);

/// PyTorch's update rules (optimizer.hpp), elementwise in Real, scalars once in double. Clips first.
/// `gradient` is used up.
template <class Real>
void optimizer_step(const Optimizer& optimizer, MetaParameters<Real>& parameters,
                    MetaParameters<Real>& gradient, OptimizerState<Real>& state);

}  // namespace shoal
