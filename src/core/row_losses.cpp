// SPDX-License-Identifier: Apache-2.0
#include "core/row_losses.hpp"

#include <algorithm>
#include <cmath>

#include "core/loss_options.hpp"
#include "core/with_kind.hpp"
#include "kernels/math/losses.hpp"

namespace shoal {
namespace {

/// A double as losses are written for values: made of a float, with functions that are found by its type.
struct Wide {
  double value = 0.0;
  Wide() = default;
  explicit Wide(float v) : value(v) {}
  explicit Wide(double v) : value(v) {}
};

Wide operator-(Wide a) {
  return Wide(-a.value);
}
Wide operator+(Wide a, Wide b) {
  return Wide(a.value + b.value);
}
Wide operator-(Wide a, Wide b) {
  return Wide(a.value - b.value);
}
Wide operator*(Wide a, Wide b) {
  return Wide(a.value * b.value);
}
[[maybe_unused]] Wide operator/(Wide a, Wide b) {
  return Wide(a.value / b.value);
}
bool operator<(Wide a, Wide b) {
  return a.value < b.value;
}
bool operator<=(Wide a, Wide b) {
  return a.value <= b.value;
}
bool operator>(Wide a, Wide b) {
  return a.value > b.value;
}
bool operator>=(Wide a, Wide b) {
  return a.value >= b.value;
}
bool operator==(Wide a, Wide b) {
  return a.value == b.value;
}
Wide select(bool choice, Wide yes, Wide no) {
  return choice ? yes : no;
}
Wide fma(Wide a, Wide b, Wide c) {
  return Wide(std::fma(a.value, b.value, c.value));
}
Wide abs(Wide a) {
  return Wide(std::abs(a.value));
}
Wide exp(Wide a) {
  return Wide(std::exp(a.value));
}
Wide log(Wide a) {
  return Wide(std::log(a.value));
}
[[maybe_unused]] Wide sigmoid(Wide a) {
  const double e = std::exp(-std::abs(a.value));
  return Wide(a.value < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e));
}
Wide softplus(Wide a) {
  return Wide(std::max(a.value, 0.0) + std::log1p(std::exp(-std::abs(a.value))));
}

template <LossKind kind>
std::vector<double> losses_of(const kernels::LossOptions& options, const kernels::Network& net, double terms,
                              std::span<const double> target, std::span<const double> output) {
  const auto loss = kernels::LossOf<kind>::of(options, net);
  const auto targets = static_cast<std::size_t>(net.targets), outputs = static_cast<std::size_t>(net.outputs);
  std::vector<Wide> y(targets), o(outputs);
  std::vector<double> losses(output.size() / outputs);
  for (std::size_t row = 0; row < losses.size(); ++row) {
    for (std::size_t t = 0; t < targets; ++t) y[t] = Wide(target[row * targets + t]);
    for (std::size_t j = 0; j < outputs; ++j) o[j] = Wide(output[row * outputs + j]);
    loss.terms(o.data(), y.data(), [&](Wide c, Wide v) { losses[row] += c.value * v.value; });
    losses[row] /= terms;
  }
  return losses;
}

}  // namespace

std::vector<double> row_losses(const Loss& loss, int targets, int outputs, std::span<const double> target,
                               std::span<const double> output) {
  const std::vector<float> levels(loss.quantiles.begin(), loss.quantiles.end());
  kernels::LossOptions options = loss_options(loss);
  options.quantiles = levels.data();
  kernels::Network net;
  net.targets = targets;
  net.outputs = outputs;
  return with_kind(LossKinds{}, loss.kind, [&]<LossKind kind>() {
    return losses_of<kind>(options, net, loss.terms(1.0, outputs), target, output);
  });
}

}  // namespace shoal
