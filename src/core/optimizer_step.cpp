// SPDX-License-Identifier: Apache-2.0
#include "core/optimizer_step.hpp"

#include <algorithm>
#include <cmath>

#include <shoal/error.hpp>

#include "core/exact_sum.hpp"
#include "kernels/update/gradient_norm.hpp"

namespace shoal {
namespace {

// sin(pi y) for |y| <= 1/2 by its Taylor series, starting with the smallest term; terms from y^23 on are
// below 1e-16.
double sin_pi(double y) {
  constexpr double pi = 3.14159265358979323846;
  const double x = pi * y, square = x * x;
  double sum = 0.0;
  for (int n = 21; n >= 3; n -= 2) sum = (1.0 + sum) * (-square / static_cast<double>(n * (n - 1)));
  return x * (1.0 + sum);
}

}  // namespace

double scheduled_rate(const Optimizer& optimizer, std::int64_t step) {
  if (optimizer.schedule == Schedule::constant) return optimizer.learning_rate;
  const double progress =
      std::min(1.0, static_cast<double>(step) /
                        static_cast<double>(std::max<std::int64_t>(optimizer.iterations - 1, 1)));
  const double cosine = sin_pi(0.5 - progress);
  return optimizer.final_learning_rate +
         0.5 * (optimizer.learning_rate - optimizer.final_learning_rate) * (1.0 + cosine);
}

template <>
double gradient_norm(std::span<const float> theta, std::span<const float> rates) {
  float largest = 0.0f;
  for (const auto& part : {theta, rates})
    for (const float g : part) largest = std::max(largest, std::abs(g));
  if (largest == 0.0f) return 0.0;
  const int exponent = kernels::exponent_of(largest);
  ExactSum squares(1);
  for (const auto& part : {theta, rates})
    for (const float g : part) squares.add(0, kernels::scaled_square(g, exponent));
  return kernels::norm_of(squares.rounded(0), exponent);
}

template <>
double gradient_norm(std::span<const double> theta, std::span<const double> rates) {
  double squares = 0.0;
  for (const auto& part : {theta, rates})
    for (const double g : part) squares += g * g;
  return std::sqrt(squares);
}

template <class Real>
kernels::UpdateScalars<Real> next_update(const Optimizer& optimizer, OptimizerState<Real>& state) {
  state.beta1_power *= optimizer.beta1;
  state.beta2_power *= optimizer.beta2;
  const double rate = scheduled_rate(optimizer, state.step++);
  return {
      .kind = optimizer.kind,
      .rate =
          static_cast<Real>(kernels::keeps_second(optimizer.kind) ? rate / (1.0 - state.beta1_power) : rate),
      .beta1 = static_cast<Real>(optimizer.beta1),
      .beta2 = static_cast<Real>(optimizer.beta2),
      .one_minus_beta1 = static_cast<Real>(1.0 - optimizer.beta1),
      .one_minus_beta2 = static_cast<Real>(1.0 - optimizer.beta2),
      .epsilon = static_cast<Real>(optimizer.epsilon),
      .weight_decay = static_cast<Real>(optimizer.weight_decay),
      .decay = static_cast<Real>(1.0 - rate * optimizer.weight_decay),
      .momentum = static_cast<Real>(optimizer.momentum),
      .root_correction2 = static_cast<Real>(std::sqrt(1.0 - state.beta2_power)),
      .clip = optimizer.clip,
  };
}

template <class Real>
void optimizer_step(const Optimizer& optimizer, MetaParameters<Real>& parameters,
                    MetaParameters<Real>& gradient, OptimizerState<Real>& state) {
  const std::size_t size = parameters.theta.size(), all = size + parameters.rates.size();
  const kernels::UpdateScalars<Real> scalars = next_update(optimizer, state);
  if (kernels::keeps_first(scalars.kind)) state.first.resize(all);
  if (kernels::keeps_second(scalars.kind)) state.second.resize(all);
  const Real factor =
      scalars.clip > 0.0
          ? kernels::clip_factor<Real>(gradient_norm<Real>(gradient.theta, gradient.rates), scalars.clip)
          : Real(1);
  Real unused(0);
  const auto update = [&](std::vector<Real>& values, const std::vector<Real>& of, std::size_t from) {
    for (std::size_t p = 0; p < values.size(); ++p)
      kernels::update_parameter(scalars, of[p] * factor, values[p],
                                state.first.empty() ? unused : state.first[from + p],
                                state.second.empty() ? unused : state.second[from + p]);
  };
  update(parameters.theta, gradient.theta, 0);
  update(parameters.rates, gradient.rates, size);
}

template kernels::UpdateScalars<float> next_update(const Optimizer&, OptimizerState<float>&);
template kernels::UpdateScalars<double> next_update(const Optimizer&, OptimizerState<double>&);
template void optimizer_step(const Optimizer&, MetaParameters<float>&, MetaParameters<float>&,
                             OptimizerState<float>&);
template void optimizer_step(const Optimizer&, MetaParameters<double>&, MetaParameters<double>&,
                             OptimizerState<double>&);

}  // namespace shoal
