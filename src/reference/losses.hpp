// SPDX-License-Identifier: Apache-2.0
// The losses of contract.md 1 on one row: the sum of its terms, its gradient, and the second derivative in a
// direction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/loss.hpp>

#include "reference/activations.hpp"

namespace shoal::reference {

/// What a row is compared with.
struct Target {
  std::span<const double> y;
  std::int64_t label = 0;
};

inline double floored(const Loss& loss, double y) {
  return loss.floor && y < *loss.floor ? *loss.floor : y;
}

/// Probabilities of softmax, shifted by the largest output.
template <class T>
std::vector<T> softmax(std::span<const T> o) {
  using std::exp;
  T largest = o[0];
  for (const T& value : o)
    if (value > largest) largest = value;
  std::vector<T> p;
  T sum(0.0);
  for (const T& value : o) {
    p.push_back(exp(value - largest));
    sum += p.back();
  }
  for (T& value : p) value = value / sum;
  return p;
}

template <class T>
T row_terms(const Loss& loss, std::span<const T> o, const Target& target) {
  using std::exp;
  using std::log;
  T sum(0.0);
  switch (loss.kind) {
    case LossKind::mse:
      for (std::size_t j = 0; j < o.size(); ++j) sum += (o[j] - T(target.y[j])) * (o[j] - T(target.y[j]));
      break;
    case LossKind::huber:
      for (std::size_t j = 0; j < o.size(); ++j) {
        const T d = o[j] - T(target.y[j]), size = d < T(0.0) ? -d : d;
        sum += size <= T(loss.delta) ? T(0.5) * d * d : T(loss.delta) * (size - T(0.5 * loss.delta));
      }
      break;
    case LossKind::bce:
      for (std::size_t j = 0; j < o.size(); ++j) {
        sum += T(1.0 - target.y[j]) * softplus(o[j]);
        sum += T(loss.pos_weight * target.y[j]) * softplus(-o[j]);
      }
      break;
    case LossKind::softmax: {
      const auto at = static_cast<std::size_t>(target.label);
      T largest = o[0], exponentials(0.0);
      for (const T& value : o)
        if (value > largest) largest = value;
      for (const T& value : o) exponentials += exp(value - largest);
      sum = log(exponentials) + (largest - o[at]);
      break;
    }
    case LossKind::pinball:
      for (std::size_t j = 0; j < o.size(); ++j) {
        const double tau = loss.quantiles[j % loss.quantiles.size()];
        const T r = T(target.y[j / loss.quantiles.size()]) - o[j];
        sum += r >= T(0.0) ? T(tau) * r : T(tau - 1.0) * r;
      }
      break;
    case LossKind::gaussian_nll:
      for (std::size_t t = 0; t < o.size() / 2; ++t) {
        const T d = o[t] - T(target.y[t]), s = o[o.size() / 2 + t];
        sum += T(0.5) * (s + d * d * exp(-s));
      }
      break;
    case LossKind::qlike:
      for (std::size_t j = 0; j < o.size(); ++j) {
        const double x = floored(loss, target.y[j]);
        sum += T(x) * exp(-o[j]) - T(std::log(x)) + o[j] - T(1.0);
      }
      break;
  }
  return sum;
}

/// delta_j = d(row terms)/do_j.
template <class T>
std::vector<T> row_gradient(const Loss& loss, std::span<const T> o, const Target& target) {
  using std::exp;
  std::vector<T> delta(o.size(), T(0.0));
  switch (loss.kind) {
    case LossKind::mse:
      for (std::size_t j = 0; j < o.size(); ++j) delta[j] = T(2.0) * (o[j] - T(target.y[j]));
      break;
    case LossKind::huber:
      for (std::size_t j = 0; j < o.size(); ++j) {
        const T d = o[j] - T(target.y[j]);
        delta[j] = d > T(loss.delta) ? T(loss.delta) : d < T(-loss.delta) ? T(-loss.delta) : d;
      }
      break;
    case LossKind::bce:
      for (std::size_t j = 0; j < o.size(); ++j)
        delta[j] = T(1.0 - target.y[j]) * sigmoid(o[j]) - T(loss.pos_weight * target.y[j]) * sigmoid(-o[j]);
      break;
    case LossKind::softmax:
      delta = softmax(o);
      delta[static_cast<std::size_t>(target.label)] -= T(1.0);
      break;
    case LossKind::pinball:
      for (std::size_t j = 0; j < o.size(); ++j) {
        const double tau = loss.quantiles[j % loss.quantiles.size()];
        const T r = T(target.y[j / loss.quantiles.size()]) - o[j];
        delta[j] = r >= T(0.0) ? T(-tau) : T(1.0 - tau);
      }
      break;
    case LossKind::gaussian_nll:
      for (std::size_t t = 0; t < o.size() / 2; ++t) {
        const T d = o[t] - T(target.y[t]), precision = exp(-o[o.size() / 2 + t]);
        delta[t] = d * precision;
        delta[o.size() / 2 + t] = T(0.5) * (T(1.0) - d * d * precision);
      }
      break;
    case LossKind::qlike:
      for (std::size_t j = 0; j < o.size(); ++j)
        delta[j] = T(1.0) - T(floored(loss, target.y[j])) * exp(-o[j]);
      break;
  }
  return delta;
}

/// R{delta}: second derivative of the row terms at o in direction ro.
inline std::vector<double> row_curvature(const Loss& loss, std::span<const double> o, const Target& target,
                                         std::span<const double> ro) {
  std::vector<double> rd(o.size(), 0.0);
  const std::size_t half = o.size() / 2;
  switch (loss.kind) {
    case LossKind::mse:
      for (std::size_t j = 0; j < o.size(); ++j) rd[j] = 2.0 * ro[j];
      break;
    case LossKind::huber:
      for (std::size_t j = 0; j < o.size(); ++j)
        rd[j] = std::abs(o[j] - target.y[j]) > loss.delta ? 0.0 : ro[j];
      break;
    case LossKind::bce:
      for (std::size_t j = 0; j < o.size(); ++j)
        rd[j] = (1.0 - target.y[j] + loss.pos_weight * target.y[j]) * sigmoid(o[j]) * sigmoid(-o[j]) * ro[j];
      break;
    case LossKind::softmax: {
      const std::vector<double> p = softmax(o);
      double mean = 0.0;
      for (std::size_t j = 0; j < o.size(); ++j) mean += p[j] * ro[j];
      for (std::size_t j = 0; j < o.size(); ++j) rd[j] = p[j] * (ro[j] - mean);
      break;
    }
    case LossKind::pinball:
      break;  // piecewise linear
    case LossKind::gaussian_nll:
      for (std::size_t t = 0; t < half; ++t) {
        const double d = o[t] - target.y[t], precision = std::exp(-o[half + t]);
        rd[t] = precision * (ro[t] - d * ro[half + t]);
        rd[half + t] = precision * (0.5 * d * d * ro[half + t] - d * ro[t]);
      }
      break;
    case LossKind::qlike:
      for (std::size_t j = 0; j < o.size(); ++j) rd[j] = floored(loss, target.y[j]) * std::exp(-o[j]) * ro[j];
      break;
  }
  return rd;
}

}  // namespace shoal::reference
