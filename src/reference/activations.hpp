// SPDX-License-Identifier: Apache-2.0
// Activations and their first two derivatives from the definitions of contract.md 1.
#pragma once

#include <cmath>

#include <shoal/error.hpp>
#include <shoal/model.hpp>

#include "reference/dual.hpp"

namespace shoal::reference {

template <class T>
struct Activated {
  T a, slope, curve;  ///< f(z), f'(z), f''(z)
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

template <class T>
Activated<T> activate(Activation kind, T z) {
  using std::erfc;
  using std::exp;
  using std::tanh;
  switch (kind) {
    case Activation::identity:
      return {z, T(1.0), T(0.0)};
    case Activation::relu:
      if (value_of(z) <= 0.0) return {T(0.0), T(0.0), T(0.0)};
      return {z, T(1.0), T(0.0)};  // NaN too
    case Activation::tanh: {
      const T a = tanh(z), slope = T(1.0) - a * a;
      return {a, slope, T(-2.0) * a * slope};
    }
    case Activation::sigmoid: {
      const T a = sigmoid(z), slope = a * sigmoid(-z);
      return {a, slope, slope * (T(1.0) - T(2.0) * a)};
    }
    case Activation::softplus: {
      const T slope = sigmoid(z);
      return {softplus(z), slope, slope * sigmoid(-z)};
    }
    case Activation::silu: {
      const T s = sigmoid(z), ds = s * sigmoid(-z);
      return {z * s, s + z * ds, ds * (T(2.0) + z * (T(1.0) - T(2.0) * s))};
    }
    case Activation::gelu: {
      constexpr double root_half = 0.70710678118654752, root_two_pi_inverse = 0.39894228040143268;
      const T distribution = T(0.5) * erfc(-z * T(root_half));
      const T density = T(root_two_pi_inverse) * exp(T(-0.5) * z * z);
      return {z * distribution, distribution + z * density, density * (T(2.0) - z * z)};
    }
  }
  throw InvalidArgument("reference: unknown activation");
}

}  // namespace shoal::reference
