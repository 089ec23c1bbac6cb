// SPDX-License-Identifier: Apache-2.0
// Dual numbers a + b e, e^2 = 0. A template of this folder that runs on them computes the derivative in one
// direction, without any code for derivatives. They are the oracle for all code that has such code.
#pragma once

#include <cmath>

namespace shoal::reference {

struct Dual {
  double value = 0.0, derivative = 0.0;

  Dual() = default;
  Dual(double v) : value(v) {}  // NOLINT(google-explicit-constructor): constants mix with duals in formulas
  Dual(double v, double d) : value(v), derivative(d) {}

  friend Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.derivative + b.derivative}; }
  friend Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.derivative - b.derivative}; }
  friend Dual operator-(Dual a) { return {-a.value, -a.derivative}; }
  friend Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.derivative * b.value + a.value * b.derivative};
  }
  friend Dual operator/(Dual a, Dual b) {
    const double quotient = a.value / b.value;
    return {quotient, (a.derivative - quotient * b.derivative) / b.value};
  }
  Dual& operator+=(Dual b) { return *this = *this + b; }
  Dual& operator-=(Dual b) { return *this = *this - b; }
  friend bool operator<(Dual a, Dual b) { return a.value < b.value; }
  friend bool operator>(Dual a, Dual b) { return a.value > b.value; }
  friend bool operator<=(Dual a, Dual b) { return a.value <= b.value; }
  friend bool operator>=(Dual a, Dual b) { return a.value >= b.value; }
};

inline Dual exp(Dual x) {
  const double e = std::exp(x.value);
  return {e, e * x.derivative};
}
inline Dual log(Dual x) {
  return {std::log(x.value), x.derivative / x.value};
}
inline Dual log1p(Dual x) {
  return {std::log1p(x.value), x.derivative / (1.0 + x.value)};
}
inline Dual tanh(Dual x) {
  const double t = std::tanh(x.value);
  return {t, (1.0 - t * t) * x.derivative};
}
inline Dual erfc(Dual x) {
  constexpr double two_over_root_pi = 1.1283791670955126;
  return {std::erfc(x.value), -two_over_root_pi * std::exp(-x.value * x.value) * x.derivative};
}

inline double value_of(double x) {
  return x;
}
inline double value_of(Dual x) {
  return x.value;
}

}  // namespace shoal::reference
