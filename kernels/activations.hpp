// SPDX-License-Identifier: Apache-2.0
// Activations with first and second derivative at z, sharing sub-expressions. value(), slope() and
// curvature() give the same bits for what they share. PyTorch's definitions: softplus without threshold, gelu
// in erf form, relu' = 0 at 0.
#pragma once

#include "kernels/error_function.hpp"
#include "kernels/logarithm.hpp"

namespace shoal::kernels {

/// The interface that the tag structs below share: `curved` says whether f'' is not identically zero.
///   value(z) = f(z);  slope(z, a, d1): a = f(z), d1 = f'(z);  curvature(z, a, d1, d2): also d2 = f''(z).
/// Where both derivatives follow from the value (`from_value`), slope_of(a) and bend_of(a, d1) give the same
/// bits again, so that a tape need not keep them.

struct Identity {
  static constexpr bool curved = false, from_value = true;
  template <class V>
  static SHOAL_HD V slope_of(V) {
    return V(1.0f);
  }
  template <class V>
  static SHOAL_HD V bend_of(V, V) {
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

/// NaN stays NaN; relu(-0) = +0.
struct Relu {
  static constexpr bool curved = false, from_value = true;
  template <class V>
  static SHOAL_HD V slope_of(V a) {
    return select(a <= V(0.0f), V(0.0f), V(1.0f));
  }
  template <class V>
  static SHOAL_HD V bend_of(V, V) {
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

struct Tanh {
  static constexpr bool curved = true, from_value = true;
  template <class V>
  static SHOAL_HD V slope_of(V a) {
    return fma(-a, a, V(1.0f));
  }
  template <class V>
  static SHOAL_HD V bend_of(V a, V d1) {
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
    d2 = bend_of(a, d1);
  }
};

struct Sigmoid {
  static constexpr bool curved = true, from_value = true;
  template <class V>
  static SHOAL_HD V slope_of(V a) {
    return a * (V(1.0f) - a);
  }
  template <class V>
  static SHOAL_HD V bend_of(V a, V d1) {
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
    d2 = bend_of(a, d1);
  }
};

struct Softplus {
  static constexpr bool curved = true, from_value = false;
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

/// z s(z) with s the sigmoid: f' = s + z s', f'' = s' (2 + z (1 - 2 s)).
struct Silu {
  static constexpr bool curved = true, from_value = false;
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

/// z Phi(z): f' = Phi + z phi, f'' = phi (2 - z^2).
struct Gelu {
  static constexpr bool curved = true, from_value = false;
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

}  // namespace shoal::kernels
