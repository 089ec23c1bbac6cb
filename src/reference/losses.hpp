// SPDX-License-Identifier: Apache-2.0
// The losses of docs/definitions.md on one row: the sum of its terms, its gradient, and the second derivative
// in a direction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/loss.hpp>

#include "core/with_kind.hpp"
#include "reference/activations.hpp"

namespace shoal::reference {

/// The target of a row: numbers or a class label.
struct Target {
  std::span<const double> y;
  std::int64_t label = 0;
};

/// The loss of a kind on one row. A kind without a definition does not compile.
///   terms(loss, o, target)          the sum of the row's terms
///   gradient(loss, o, target)       delta_j = d(row terms)/do_j
///   curvature(loss, o, target, ro)  R{delta}: second derivative of the row terms at o in direction ro
template <LossKind kind>
struct LossDefinition;

template <>
struct LossDefinition<LossKind::mse> {
  template <class T>
  static T terms(const Loss&, std::span<const T> o, const Target& target) {
    T sum(0.0);
    for (std::size_t j = 0; j < o.size(); ++j) sum += (o[j] - T(target.y[j])) * (o[j] - T(target.y[j]));
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss&, std::span<const T> o, const Target& target) {
    std::vector<T> delta(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) delta[j] = T(2.0) * (o[j] - T(target.y[j]));
    return delta;
  }
  static std::vector<double> curvature(const Loss&, std::span<const double> o, const Target&,
                                       std::span<const double> ro) {
    std::vector<double> rd(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) rd[j] = 2.0 * ro[j];
    return rd;
  }
};

template <>
struct LossDefinition<LossKind::huber> {
  template <class T>
  static T terms(const Loss& loss, std::span<const T> o, const Target& target) {
    T sum(0.0);
    for (std::size_t j = 0; j < o.size(); ++j) {
      const T d = o[j] - T(target.y[j]), size = d < T(0.0) ? -d : d;
      sum += size <= T(loss.delta) ? T(0.5) * d * d : T(loss.delta) * (size - T(0.5 * loss.delta));
    }
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss& loss, std::span<const T> o, const Target& target) {
    std::vector<T> delta(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) {
      const T d = o[j] - T(target.y[j]);
      delta[j] = d > T(loss.delta) ? T(loss.delta) : d < T(-loss.delta) ? T(-loss.delta) : d;
    }
    return delta;
  }
  static std::vector<double> curvature(const Loss& loss, std::span<const double> o, const Target& target,
                                       std::span<const double> ro) {
    std::vector<double> rd(o.size());
    for (std::size_t j = 0; j < o.size(); ++j)
      rd[j] = std::abs(o[j] - target.y[j]) > loss.delta ? 0.0 : ro[j];
    return rd;
  }
};

template <>
struct LossDefinition<LossKind::bce> {
  template <class T>
  static T terms(const Loss& loss, std::span<const T> o, const Target& target) {
    T sum(0.0);
    for (std::size_t j = 0; j < o.size(); ++j) {
      sum += T(1.0 - target.y[j]) * softplus(o[j]);
      sum += T(loss.pos_weight * target.y[j]) * softplus(-o[j]);
    }
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss& loss, std::span<const T> o, const Target& target) {
    std::vector<T> delta(o.size());
    for (std::size_t j = 0; j < o.size(); ++j)
      delta[j] = T(1.0 - target.y[j]) * sigmoid(o[j]) - T(loss.pos_weight * target.y[j]) * sigmoid(-o[j]);
    return delta;
  }
  static std::vector<double> curvature(const Loss& loss, std::span<const double> o, const Target& target,
                                       std::span<const double> ro) {
    std::vector<double> rd(o.size());
    for (std::size_t j = 0; j < o.size(); ++j)
      rd[j] = (1.0 - target.y[j] + loss.pos_weight * target.y[j]) * sigmoid(o[j]) * sigmoid(-o[j]) * ro[j];
    return rd;
  }
};

template <>
struct LossDefinition<LossKind::softmax> {
  /// The largest output; exponents are taken relative to it.
  template <class T>
  static T largest(std::span<const T> o) {
    T value = o[0];
    for (const T& other : o)
      if (other > value) value = other;
    return value;
  }
  template <class T>
  static std::vector<T> probabilities(std::span<const T> o) {
    using std::exp;
    const T shift = largest(o);
    std::vector<T> p;
    T sum(0.0);
    for (const T& value : o) {
      p.push_back(exp(value - shift));
      sum += p.back();
    }
    for (T& value : p) value = value / sum;
    return p;
  }
  template <class T>
  static T terms(const Loss&, std::span<const T> o, const Target& target) {
    using std::exp;
    using std::log;
    const T shift = largest(o);
    T exponentials(0.0);
    for (const T& value : o) exponentials += exp(value - shift);
    return log(exponentials) + (shift - o[static_cast<std::size_t>(target.label)]);
  }
  template <class T>
  static std::vector<T> gradient(const Loss&, std::span<const T> o, const Target& target) {
    std::vector<T> delta = probabilities(o);
    delta[static_cast<std::size_t>(target.label)] -= T(1.0);
    return delta;
  }
  static std::vector<double> curvature(const Loss&, std::span<const double> o, const Target&,
                                       std::span<const double> ro) {
    const std::vector<double> p = probabilities(o);
    double mean = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j) mean += p[j] * ro[j];
    std::vector<double> rd(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) rd[j] = p[j] * (ro[j] - mean);
    return rd;
  }
};

template <>
struct LossDefinition<LossKind::pinball> {
  template <class T>
  static T residual(const Loss& loss, std::span<const T> o, const Target& target, std::size_t j) {
    return T(target.y[j / loss.quantiles.size()]) - o[j];
  }
  static double level(const Loss& loss, std::size_t j) { return loss.quantiles[j % loss.quantiles.size()]; }

  template <class T>
  static T terms(const Loss& loss, std::span<const T> o, const Target& target) {
    T sum(0.0);
    for (std::size_t j = 0; j < o.size(); ++j) {
      const T r = residual(loss, o, target, j);
      sum += r >= T(0.0) ? T(level(loss, j)) * r : T(level(loss, j) - 1.0) * r;
    }
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss& loss, std::span<const T> o, const Target& target) {
    std::vector<T> delta(o.size());
    for (std::size_t j = 0; j < o.size(); ++j)
      delta[j] = residual(loss, o, target, j) >= T(0.0) ? T(-level(loss, j)) : T(1.0 - level(loss, j));
    return delta;
  }
  static std::vector<double> curvature(const Loss&, std::span<const double> o, const Target&,
                                       std::span<const double>) {
    return std::vector<double>(o.size(), 0.0);  // piecewise linear
  }
};

template <>
struct LossDefinition<LossKind::gaussian_nll> {
  template <class T>
  static T terms(const Loss&, std::span<const T> o, const Target& target) {
    using std::exp;
    T sum(0.0);
    for (std::size_t t = 0; t < o.size() / 2; ++t) {
      const T d = o[t] - T(target.y[t]), s = o[o.size() / 2 + t];
      sum += T(0.5) * (s + d * d * exp(-s));
    }
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss&, std::span<const T> o, const Target& target) {
    using std::exp;
    std::vector<T> delta(o.size());
    for (std::size_t t = 0; t < o.size() / 2; ++t) {
      const T d = o[t] - T(target.y[t]), precision = exp(-o[o.size() / 2 + t]);
      delta[t] = d * precision;
      delta[o.size() / 2 + t] = T(0.5) * (T(1.0) - d * d * precision);
    }
    return delta;
  }
  static std::vector<double> curvature(const Loss&, std::span<const double> o, const Target& target,
                                       std::span<const double> ro) {
    const std::size_t half = o.size() / 2;
    std::vector<double> rd(o.size());
    for (std::size_t t = 0; t < half; ++t) {
      const double d = o[t] - target.y[t], precision = std::exp(-o[half + t]);
      rd[t] = precision * (ro[t] - d * ro[half + t]);
      rd[half + t] = precision * (0.5 * d * d * ro[half + t] - d * ro[t]);
    }
    return rd;
  }
};

template <>
struct LossDefinition<LossKind::qlike> {
  static double floored(const Loss& loss, double y) {
    return loss.floor && y < *loss.floor ? *loss.floor : y;
  }

  template <class T>
  static T terms(const Loss& loss, std::span<const T> o, const Target& target) {
    using std::exp;
    T sum(0.0);
    for (std::size_t j = 0; j < o.size(); ++j) {
      const double x = floored(loss, target.y[j]);
      sum += T(x) * exp(-o[j]) - T(std::log(x)) + o[j] - T(1.0);
    }
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss& loss, std::span<const T> o, const Target& target) {
    using std::exp;
    std::vector<T> delta(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) delta[j] = T(1.0) - T(floored(loss, target.y[j])) * exp(-o[j]);
    return delta;
  }
  static std::vector<double> curvature(const Loss& loss, std::span<const double> o, const Target& target,
                                       std::span<const double> ro) {
    std::vector<double> rd(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) rd[j] = floored(loss, target.y[j]) * std::exp(-o[j]) * ro[j];
    return rd;
  }
};

template <class T>
T row_terms(const Loss& loss, std::span<const T> o, const Target& target) {
  return with_kind(LossKinds{}, loss.kind,
                   [&]<LossKind kind>() { return LossDefinition<kind>::terms(loss, o, target); });
}
template <class T>
std::vector<T> row_gradient(const Loss& loss, std::span<const T> o, const Target& target) {
  return with_kind(LossKinds{}, loss.kind,
                   [&]<LossKind kind>() { return LossDefinition<kind>::gradient(loss, o, target); });
}
inline std::vector<double> row_curvature(const Loss& loss, std::span<const double> o, const Target& target,
                                         std::span<const double> ro) {
  return with_kind(LossKinds{}, loss.kind,
                   [&]<LossKind kind>() { return LossDefinition<kind>::curvature(loss, o, target, ro); });
}

}  // namespace shoal::reference
