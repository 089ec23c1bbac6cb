// SPDX-License-Identifier: Apache-2.0
// Activations, by PyTorch's definitions: softplus without threshold, gelu in its erf form, relu' = 0 at 0.
// One struct states everything about an activation: its properties, and its value with first and second
// derivative at z, which share sub-expressions. Other code reads the properties through
// kernels/math/kind_traits.hpp and chooses an activation through kernels/math/choices.hpp.
//
//   name                    its name in configurations
//   curved                  whether f'' is not identically zero
//   from_value              whether both derivatives follow from the value: a tape need not store them
//   bound(z)                an upper bound of |f(x)| for |x| <= z
//   value(z)                f(z)
//   slope(z, a, d1)         a = f(z), d1 = f'(z)
//   curvature(z, a, d1, d2) also d2 = f''(z)
//   slope_of(a), second_derivative_of(a, d1)   if from_value only: f' and f'' from a = f(z)
//
// Functions that return the same quantity return the same bits.
#pragma once

#include <shoal/kinds.hpp>

#include "kernels/math/error_function.hpp"
#include "kernels/math/logarithm.hpp"

namespace shoal::kernels {

/// The activation of a kind. The general template is not defined, so that a kind without a struct does not
/// compile.
template <Activation kind>
struct ActivationOf;

template <>
struct ActivationOf<Activation::identity> {
  static constexpr const char* name = "identity";
  static constexpr bool curved = false, from_value = true;
  static constexpr double bound(double z) { return z; }
  template <class V>
  static SHOAL_HD V slope_of(V) {
    return V(1.0f);
  }
  template <class V>
  static SHOAL_HD V second_derivative_of(V, V) {
    return V(0.0f);
  }
  template <class V>
  static SHOAL_HD V value(V z) {
    return z;
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    a = z;
    d1 = V(1.0f);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    slope(z, a, d1);
    d2 = V(0.0f);
  }
};
using Identity = ActivationOf<Activation::identity>;

/// NaN stays NaN; relu(-0) = +0.
template <>
struct ActivationOf<Activation::relu> {
  static constexpr const char* name = "relu";
  static constexpr bool curved = false, from_value = true;
  static constexpr double bound(double z) { return z; }
  template <class V>
  static SHOAL_HD V slope_of(V a) {
    return select(a <= V(0.0f), V(0.0f), V(1.0f));
  }
  template <class V>
  static SHOAL_HD V second_derivative_of(V, V) {
    return V(0.0f);
  }
  template <class V>
  static SHOAL_HD V value(V z) {
    return select(z <= V(0.0f), V(0.0f), z);
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    const auto off = z <= V(0.0f);
    a = select(off, V(0.0f), z);
    d1 = select(off, V(0.0f), V(1.0f));
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    slope(z, a, d1);
    d2 = V(0.0f);
  }
};
using Relu = ActivationOf<Activation::relu>;

template <>
struct ActivationOf<Activation::tanh> {
  static constexpr const char* name = "tanh";
  static constexpr bool curved = true, from_value = true;
  static constexpr double bound(double) { return 1.0; }
  template <class V>
  static SHOAL_HD V slope_of(V a) {
    return fma(-a, a, V(1.0f));
  }
  template <class V>
  static SHOAL_HD V second_derivative_of(V a, V d1) {
    return V(-2.0f) * a * d1;
  }
  template <class V>
  static SHOAL_HD V value(V z) {
    return tanh(z);
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    a = tanh(z);
    d1 = slope_of(a);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    slope(z, a, d1);
    d2 = second_derivative_of(a, d1);
  }
};
using Tanh = ActivationOf<Activation::tanh>;

template <>
struct ActivationOf<Activation::sigmoid> {
  static constexpr const char* name = "sigmoid";
  static constexpr bool curved = true, from_value = true;
  static constexpr double bound(double) { return 1.0; }
  template <class V>
  static SHOAL_HD V slope_of(V a) {
    return a * (V(1.0f) - a);
  }
  template <class V>
  static SHOAL_HD V second_derivative_of(V a, V d1) {
    return d1 * fma(V(-2.0f), a, V(1.0f));
  }
  template <class V>
  static SHOAL_HD V value(V z) {
    return sigmoid(z);
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    a = sigmoid(z);
    d1 = slope_of(a);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    slope(z, a, d1);
    d2 = second_derivative_of(a, d1);
  }
};
using Sigmoid = ActivationOf<Activation::sigmoid>;

template <>
struct ActivationOf<Activation::softplus> {
  static constexpr const char* name = "softplus";
  static constexpr bool curved = true, from_value = false;
  static constexpr double bound(double z) { return z + 1.0; }
  template <class V>
  static SHOAL_HD V value(V z) {
    return softplus(z);
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    a = softplus(z);
    d1 = sigmoid(z);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    slope(z, a, d1);
    d2 = d1 * (V(1.0f) - d1);
  }
};
using Softplus = ActivationOf<Activation::softplus>;

/// z s(z) with s the sigmoid: f' = s + z s', f'' = s' (2 + z (1 - 2 s)).
template <>
struct ActivationOf<Activation::silu> {
  static constexpr const char* name = "silu";
  static constexpr bool curved = true, from_value = false;
  static constexpr double bound(double z) { return z; }
  template <class V>
  static SHOAL_HD V value(V z) {
    return z * sigmoid(z);
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    const V s = sigmoid(z);
    a = z * s;
    d1 = fma(z, s * (V(1.0f) - s), s);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    const V s = sigmoid(z), ds = s * (V(1.0f) - s);
    a = z * s;
    d1 = fma(z, ds, s);
    d2 = ds * fma(z, fma(V(-2.0f), s, V(1.0f)), V(2.0f));
  }
};
using Silu = ActivationOf<Activation::silu>;

/// z Phi(z): f' = Phi + z phi, f'' = phi (2 - z^2).
template <>
struct ActivationOf<Activation::gelu> {
  static constexpr const char* name = "gelu";
  static constexpr bool curved = true, from_value = false;
  static constexpr double bound(double z) { return z; }
  template <class V>
  static SHOAL_HD V value(V z) {
    V distribution, density, product;
    normal_distribution(z, distribution, density, product);
    return product;
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    V distribution, density;
    normal_distribution(z, distribution, density, a);
    d1 = fma(z, density, distribution);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    V distribution, density;
    normal_distribution(z, distribution, density, a);
    d1 = fma(z, density, distribution);
    d2 = density * fma(-z, z, V(2.0f));
  }
};
using Gelu = ActivationOf<Activation::gelu>;

}  // namespace shoal::kernels
