// SPDX-License-Identifier: Apache-2.0
// log, and softplus through log(1 + u), from IEEE operations alone (see exponential.hpp).
#pragma once

#include "kernels/math/exponential.hpp"

namespace shoal::kernels {

/// log(1 + f) + e ln 2 for f in [sqrt(1/2) - 1, sqrt(2) - 1], as high + low; |e| <= 150.
template <class V>
SHOAL_HD void log_of_parts(V f, V e, V& high, V& low) {
  const float c[] = {0x1.555548p-2f,  -0x1.000008p-2f, 0x1.99a478p-3f,  -0x1.555b8ap-3f, 0x1.233af4p-3f,
                     -0x1.fc3ec8p-4f, 0x1.e6de04p-4f,  -0x1.dd94acp-4f, 0x1.13b51ep-4f};
  const V square = f * f;
  V rest = f * square * polynomial(f, c);
  rest = fma(e, V(0x1.7f7d1cp-20f), rest);
  rest = fma(V(-0.5f), square, rest);
  const V part = f + rest, whole = e * V(0x1.62e400p-1f);  // an exact product: 17 bits times 8
  high = whole + part;
  // The rounding errors of the two sums; this form is exact since |f| >= |rest|, and |whole| >= |part| or
  // whole is zero.
  low = ((whole - high) + part) + ((f - part) + rest);
}

/// Natural logarithm as high + low (low is valid only where the result is finite): -inf at 0, NaN below 0.
template <class V>
SHOAL_HD void log_parts(V x, V& high, V& low) {
  using I = typename LaneTraits<V>::Int;
  const auto denormal = x < V(0x1p-126f);
  const V scaled = select(denormal, x * V(0x1p+23f), x);
  const I image = bits(scaled);
  // Mantissa in [sqrt(1/2), sqrt(2)): subtracting the bit pattern of sqrt(1/2) leaves the exponent in the
  // upper bits.
  const I exponent = shift_right<23>(image - I(0x3f3504f3));
  const V mantissa = from_bits(image - shift_left<23>(exponent));
  const V e = to_float(exponent) - select(denormal, V(23.0f), V(0.0f));
  V result;
  log_of_parts(mantissa - V(1.0f), e, result, low);
  result = select(x == V(0.0f), V(-__builtin_inff()), result);
  result = select(x > V(__FLT_MAX__), x, result);
  high = select(x >= V(0.0f), result, V(__builtin_nanf("")));
}

template <class V>
SHOAL_HD V log(V x) {
  V high, low;
  log_parts(x, high, low);
  return high;
}

/// log(1 + u) for u in [0, 1].
template <class V>
SHOAL_HD V log_one_plus(V u) {
  const auto low = u < V(0x1.a8279ap-2f);  // sqrt(2) - 1
  const V f = select(low, u, fma(V(0.5f), u, V(-0.5f)));
  V high, lost;
  log_of_parts(f, select(low, V(0.0f), V(1.0f)), high, lost);
  return high;
}

/// log(1 + exp(x)), without threshold.
template <class V>
SHOAL_HD V softplus(V x) {
  const V tail = log_one_plus(exp(-abs(x)));
  return select(x == x, select(x > V(0.0f), x, V(0.0f)) + tail, x);
}

}  // namespace shoal::kernels
