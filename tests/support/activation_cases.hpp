// SPDX-License-Identifier: Apache-2.0
// The definition of every activation for the tests, written independently of the library. The general
// template is not defined: an activation without a case does not compile, and one with a case is in every
// sweep over random problems.
#pragma once

#include <cmath>
#include <limits>

#include <shoal/model.hpp>

namespace shoal::testing {

/// The accuracy of the value of an activation in a range, in units in the last place.
struct Accuracy {
  float low, high;
  double ulp;
};

///   value(z)   f(z)
///   kink(z)    distance of z to the next jump of f'; infinity: there is none
///   accuracy   of the shared maths (docs/numerics.md)
template <Activation kind>
struct ActivationCase;

struct SmoothActivationCase {
  static double kink(double) { return std::numeric_limits<double>::infinity(); }
};

template <class Real>
Real sigmoid_of(Real z) {
  return Real(1) / (Real(1) + std::exp(-z));
}

template <>
struct ActivationCase<Activation::identity> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-3e38f, 3e38f, 0.0};
  template <class Real>
  static Real value(Real z) {
    return z;
  }
};

template <>
struct ActivationCase<Activation::relu> {
  static constexpr Accuracy accuracy{-3e38f, 3e38f, 0.0};
  template <class Real>
  static Real value(Real z) {
    return z > Real(0) ? z : Real(0);
  }
  static double kink(double z) { return std::abs(z); }
};

template <>
struct ActivationCase<Activation::tanh> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-1e30f, 1e30f, 1.5};
  template <class Real>
  static Real value(Real z) {
    return std::tanh(z);
  }
};

template <>
struct ActivationCase<Activation::sigmoid> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-1e30f, 1e30f, 1.0};
  template <class Real>
  static Real value(Real z) {
    return sigmoid_of(z);
  }
};

template <>
struct ActivationCase<Activation::softplus> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-87.0f, 1e30f, 2.0};
  template <class Real>
  static Real value(Real z) {
    return std::fmax(z, Real(0)) + std::log1p(std::exp(-std::fabs(z)));
  }
};

template <>
struct ActivationCase<Activation::silu> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-87.0f, 1e30f, 2.0};
  template <class Real>
  static Real value(Real z) {
    return z * sigmoid_of(z);
  }
};

template <>
struct ActivationCase<Activation::gelu> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-12.9f, 1e30f, 2.0};
  template <class Real>
  static Real value(Real z) {
    return Real(0.5) * z * std::erfc(-z / std::sqrt(Real(2)));
  }
};

}  // namespace shoal::testing
