// SPDX-License-Identifier: Apache-2.0
#include "core/optimizer_step.hpp"

#include <algorithm>
#include <cmath>

#include "core/exact_sum.hpp"

namespace shoal {
namespace {

// sin(pi y) for |y| <= 1/2 by its Taylor series, largest term last: below 1e-16 from y^23 on.
double sin_pi(double y) {
  constexpr double pi = 3.14159265358979323846;
  const double x = pi * y, square = x * x;
  double sum = 0.0;
  for (int n = 21; n >= 3; n -= 2) sum = (1.0 + sum) * (-square / static_cast<double>(n * (n - 1)));
  return x * (1.0 + sum);
}

/// The scalars of one update, rounded once to Real.
template <class Real>
struct Scalars {
  Real rate, beta1, beta2, one_minus_beta1, one_minus_beta2, epsilon, weight_decay, decay, momentum,
      root_correction2;
};

template <class Real>
void update(const Optimizer& optimizer, const Scalars<Real>& s, std::span<Real> theta,
            std::span<Real> gradient, std::span<Real> first, std::span<Real> second) {
  for (std::size_t p = 0; p < theta.size(); ++p) {
    Real g = gradient[p];
    switch (optimizer.kind) {
      case OptimizerKind::sgd:
        g = g + s.weight_decay * theta[p];
        theta[p] = theta[p] - s.rate * g;
        break;
      case OptimizerKind::momentum:
        g = g + s.weight_decay * theta[p];
        first[p] = s.momentum * first[p] + g;  // starts at zero: the first update is g
        theta[p] = theta[p] - s.rate * first[p];
        break;
      case OptimizerKind::adam:
      case OptimizerKind::adamw: {
        if (optimizer.kind == OptimizerKind::adam)
          g = g + s.weight_decay * theta[p];
        else
          theta[p] = theta[p] * s.decay;
        first[p] = s.beta1 * first[p] + s.one_minus_beta1 * g;
        second[p] = s.beta2 * second[p] + s.one_minus_beta2 * (g * g);
        const Real denominator = std::sqrt(second[p]) / s.root_correction2 + s.epsilon;
        theta[p] = theta[p] - s.rate * (first[p] / denominator);
        break;
      }
    }
  }
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
  // A power of two brings the largest to [1, 2): squares neither overflow nor, where they count, vanish.
  const int exponent = std::ilogb(largest);
  ExactSum squares(1);
  for (const auto& part : {theta, rates})
    for (const float g : part) {
      const float scaled = std::ldexp(g, -exponent);
      squares.add(0, scaled * scaled);
    }
  return std::ldexp(std::sqrt(static_cast<double>(squares.rounded(0))), exponent);
}

template <>
double gradient_norm(std::span<const double> theta, std::span<const double> rates) {
  double squares = 0.0;
  for (const auto& part : {theta, rates})
    for (const double g : part) squares += g * g;
  return std::sqrt(squares);
}

template <class Real>
void optimizer_step(const Optimizer& optimizer, MetaParameters<Real>& parameters,
                    MetaParameters<Real>& gradient, OptimizerState<Real>& state) {
  const std::size_t size = parameters.theta.size(), all = size + parameters.rates.size();
  if (optimizer.clip > 0.0) {
    const double norm = gradient_norm<Real>(gradient.theta, gradient.rates);
    if (norm > optimizer.clip) {
      const auto scale = static_cast<Real>(optimizer.clip / norm);
      for (auto* part : {&gradient.theta, &gradient.rates})
        for (Real& g : *part) g = g * scale;
    }
  }
  const bool adaptive = optimizer.kind == OptimizerKind::adam || optimizer.kind == OptimizerKind::adamw;
  if (adaptive || optimizer.kind == OptimizerKind::momentum) state.first.resize(all);
  if (adaptive) state.second.resize(all);
  state.beta1_power *= optimizer.beta1;
  state.beta2_power *= optimizer.beta2;
  const double rate = scheduled_rate(optimizer, state.step);
  const double step_size = adaptive ? rate / (1.0 - state.beta1_power) : rate;
  const Scalars<Real> scalars = {
      .rate = static_cast<Real>(step_size),
      .beta1 = static_cast<Real>(optimizer.beta1),
      .beta2 = static_cast<Real>(optimizer.beta2),
      .one_minus_beta1 = static_cast<Real>(1.0 - optimizer.beta1),
      .one_minus_beta2 = static_cast<Real>(1.0 - optimizer.beta2),
      .epsilon = static_cast<Real>(optimizer.epsilon),
      .weight_decay = static_cast<Real>(optimizer.weight_decay),
      .decay = static_cast<Real>(1.0 - rate * optimizer.weight_decay),
      .momentum = static_cast<Real>(optimizer.momentum),
      .root_correction2 = static_cast<Real>(std::sqrt(1.0 - state.beta2_power)),
  };
  const auto part = [](std::vector<Real>& values, std::size_t from, std::size_t to) {
    return values.empty() ? std::span<Real>() : std::span<Real>(values).subspan(from, to - from);
  };
  update<Real>(optimizer, scalars, parameters.theta, gradient.theta, part(state.first, 0, size),
               part(state.second, 0, size));
  update<Real>(optimizer, scalars, parameters.rates, gradient.rates, part(state.first, size, all),
               part(state.second, size, all));
  ++state.step;
}

template void optimizer_step(const Optimizer&, MetaParameters<float>&, MetaParameters<float>&,
                             OptimizerState<float>&);
template void optimizer_step(const Optimizer&, MetaParameters<double>&, MetaParameters<double>&,
                             OptimizerState<double>&);

}  // namespace shoal
