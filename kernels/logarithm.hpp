// SPDX-License-Identifier: Apache-2.0
// log, and softplus through log(1 + u), from IEEE operations alone (see exponential.hpp).
#pragma once

#include "kernels/exponential.hpp"

namespace shoal::kernels {

/// log(1 + f) + e ln 2 for f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <class V>
SHOAL_HD V log_of_parts(V f, V e) {
  const float c[] = {0x1.555548p-2f,  -0x1.000008p-2f, 0x1.99a478p-3f,  -0x1.555b8ap-3f, 0x1.233af4p-3f,
                     -0x1.fc3ec8p-4f, 0x1.e6de04p-4f,  -0x1.dd94acp-4f, 0x1.13b51ep-4f};
  const V square = f * f;
  V rest = f * square * polynomial(f, c);
  rest = fma(e, V(0x1.7f7d1cp-20f), rest);
  rest = fma(V(-0.5f), square, rest);
  return fma(e, V(0x1.62e400p-1f), f + rest);
}

/// Natural logarithm: -inf at 0, NaN below.
template <class V>
SHOAL_HD V log(V x) {
  using I = typename LaneTraits<V>::Int;
  const auto denormal = x < V(0x1p-126f);
  const V scaled = select(denormal, x * V(0x1p+23f), x);
  const I image = bits(scaled);
  // Mantissa in [sqrt(1/2), sqrt(2)): subtracting the image of sqrt(1/2) leaves the exponent in the upper
  // bits.
  const I exponent = shift_right<23>(image - I(0x3f3504f3));
  const V mantissa = from_bits(image - shift_left<23>(exponent));
  const V e = to_float(exponent) - select(denormal, V(23.0f), V(0.0f));
  V result = log_of_parts(mantissa - V(1.0f), e);
  result = select(x == V(0.0f), V(-__builtin_inff()), result);
  result = select(x > V(__FLT_MAX__), x, result);
  return select(x >= V(0.0f), result, V(__builtin_nanf("")));
}

/// log(1 + u) for u in [0, 1].
template <class V>
SHOAL_HD V log_one_plus(V u) {
  const auto low = u < V(0x1.a8279ap-2f);  // sqrt(2) - 1
  const V f = select(low, u, fma(V(0.5f), u, V(-0.5f)));
  return log_of_parts(f, select(low, V(0.0f), V(1.0f)));
}

/// log(1 + exp(x)), without threshold.
template <class V>
SHOAL_HD V softplus(V x) {
  const V tail = log_one_plus(exp(-abs(x)));
  return select(x == x, select(x > V(0.0f), x, V(0.0f)) + tail, x);
}

}  // namespace shoal::kernels
