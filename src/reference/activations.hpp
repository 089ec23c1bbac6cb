// SPDX-License-Identifier: Apache-2.0
// Activations and their first two derivatives, as docs/definitions.md defines them.
#pragma once

#include <cmath>

#include <shoal/kinds.hpp>

#include "core/with_kind.hpp"
#include "reference/dual.hpp"

namespace shoal::reference {

template <class T>
struct Activated {
  T a, slope, curvature;  ///< f(z), f'(z), f''(z)
};

template <class T>
T sigmoid(T z) {
  using std::exp;
  if (value_of(z) >= 0.0) return T(1.0) / (T(1.0) + exp(-z));
  const T e = exp(z);
  return e / (T(1.0) + e);
}

/// log(1 + exp(z)), stable on both sides.
template <class T>
T softplus(T z) {
  using std::exp;
  using std::log1p;
  return value_of(z) > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

/// The activation of a kind: activated(z) is its value at z with both derivatives. A kind without a
/// definition does not compile.
template <Activation kind>
struct ActivationDefinition;

template <>
struct ActivationDefinition<Activation::identity> {
  template <class T>
  static Activated<T> activated(T z) {
    return {z, T(1.0), T(0.0)};
  }
};

template <>
struct ActivationDefinition<Activation::relu> {
  template <class T>
  static Activated<T> activated(T z) {
    if (value_of(z) <= 0.0) return {T(0.0), T(0.0), T(0.0)};
    return {z, T(1.0), T(0.0)};  // NaN too
  }
};

template <>
struct ActivationDefinition<Activation::tanh> {
  template <class T>
  static Activated<T> activated(T z) {
    using std::tanh;
    const T a = tanh(z), slope = T(1.0) - a * a;
    return {a, slope, T(-2.0) * a * slope};
  }
};

template <>
struct ActivationDefinition<Activation::sigmoid> {
  template <class T>
  static Activated<T> activated(T z) {
    const T a = sigmoid(z), slope = a * sigmoid(-z);
    return {a, slope, slope * (T(1.0) - T(2.0) * a)};
  }
};

template <>
struct ActivationDefinition<Activation::softplus> {
  template <class T>
  static Activated<T> activated(T z) {
    const T slope = sigmoid(z);
    return {softplus(z), slope, slope * sigmoid(-z)};
  }
};

template <>
struct ActivationDefinition<Activation::silu> {
  template <class T>
  static Activated<T> activated(T z) {
    const T s = sigmoid(z), ds = s * sigmoid(-z);
    return {z * s, s + z * ds, ds * (T(2.0) + z * (T(1.0) - T(2.0) * s))};
  }
};

template <>
struct ActivationDefinition<Activation::gelu> {
  template <class T>
  static Activated<T> activated(T z) {
    using std::erfc;
    using std::exp;
    constexpr double root_half = 0.70710678118654752, root_two_pi_inverse = 0.39894228040143268;
    const T distribution = T(0.5) * erfc(-z * T(root_half));
    const T density = T(root_two_pi_inverse) * exp(T(-0.5) * z * z);
    return {z * distribution, distribution + z * density, density * (T(2.0) - z * z)};
  }
};

template <class T>
Activated<T> activate(Activation kind, T z) {
  return with_kind(Activations{}, kind,
                   [&]<Activation listed>() { return ActivationDefinition<listed>::activated(z); });
}

}  // namespace shoal::reference
