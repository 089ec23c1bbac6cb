// SPDX-License-Identifier: Apache-2.0
#include "baselines/intercept.hpp"

#include <cmath>
#include <cstddef>

#include "baselines/loss_terms.hpp"

namespace shoal::baselines {
namespace {

constexpr int most_steps = 200;
constexpr double farthest = 256.0;  // an intercept beyond it is as good as infinite

struct Slope {
  double value, derivative;
};

/// The root of an increasing function, when there is one within `farthest`.
template <class Function>
std::optional<double> root_of(Function slope_at) {
  double a = 0.0;
  Slope slope = slope_at(a);
  if (slope.value == 0.0) return a;
  double low = -farthest, high = farthest;
  if (slope_at(low).value > 0.0 || slope_at(high).value < 0.0) return std::nullopt;
  for (int i = 0; i < most_steps; ++i) {
    (slope.value < 0.0 ? low : high) = a;
    double next = a - slope.value / slope.derivative;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::fabs(next - a) <= 1e-15 * (1.0 + std::fabs(next))) return next;
    a = next;
    slope = slope_at(a);
    if (slope.value == 0.0) return a;
  }
  return a;
}

Slope sum_of_slopes(const Loss& loss, std::span<const double> outputs, std::span<const double> targets,
                    double a) {
  Slope sum{0.0, 0.0};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const LossTerms terms = loss_terms(loss, outputs[i] + a, targets[i]);
    sum.value += terms.slope;
    sum.derivative += terms.curvature;
  }
  return sum;
}

}  // namespace

double posterior_intercept(const Loss& loss, std::span<const double> outputs, std::span<const double> targets,
                           double variance, double dispersion) {
  if (outputs.empty() || !(variance > 0.0)) return 0.0;
  const auto slope_at = [&](double a) {
    const Slope sum = sum_of_slopes(loss, outputs, targets, a);
    return Slope{sum.value / dispersion + a / variance, sum.derivative / dispersion + 1.0 / variance};
  };
  return root_of(slope_at).value_or(0.0);
}

std::optional<double> own_intercept(const Loss& loss, std::span<const double> outputs,
                                    std::span<const double> targets) {
  if (outputs.empty()) return std::nullopt;
  if (loss.kind == LossKind::bce) {
    bool negative = false, positive = false;
    for (const double target : targets) {
      negative = negative || target < 1.0;
      positive = positive || target > 0.0;
    }
    if (!negative || !positive) return std::nullopt;
  }
  return root_of([&](double a) { return sum_of_slopes(loss, outputs, targets, a); });
}

}  // namespace shoal::baselines
