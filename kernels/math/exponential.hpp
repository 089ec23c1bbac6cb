// SPDX-License-Identifier: Apache-2.0
// exp, sigmoid and tanh, made of IEEE operations only: the same bits on every lane type (contract N1). The
// coefficients are weighted minimax fits, rounded to float one after another from the lowest order up.
// Errors: docs/numerics.md.
#pragma once

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// c[0] + c[1] x + ... by Horner's rule in fused multiply-adds.
template <class V, int n>
SHOAL_HD V polynomial(V x, const float (&c)[n]) {
  V sum(c[n - 1]);
  for (int i = n - 2; i >= 0; --i) sum = fma(sum, x, V(c[i]));
  return sum;
}

/// 2^n for an integral n in [-126, 127].
template <class V>
SHOAL_HD V power_of_two(typename LaneTraits<V>::Int n) {
  using I = typename LaneTraits<V>::Int;
  return from_bits(shift_left<23>(n + I(127)));
}

/// exp(r) - 1 - r for |r| <= ln 2 / 2.
template <class V>
SHOAL_HD V exp_remainder(V r) {
  const float c[] = {0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558acp-5f, 0x1.12397cp-7f, 0x1.6a5152p-10f};
  return r * r * polynomial(r, c);
}

/// exp(x + tail), for a tiny tail, as high + low; |low| is below half an ulp of high unless they are
/// denormal. x = n ln 2 + r with |r| <= ln 2 / 2; 2^n is applied in two factors, so that a denormal is
/// rounded once. NaN gives NaN.
template <class V>
SHOAL_HD void exp_parts(V x, V tail, V& high, V& low) {
  using I = typename LaneTraits<V>::Int;
  V clamped = select(x < V(-104.0f), V(-104.0f), x);
  clamped = select(clamped > V(89.0f), V(89.0f), clamped);
  clamped = select(x == x, clamped, V(0.0f));
  const V n = round_nearest(clamped * V(0x1.715476p+0f));
  V r = fma(n, V(-0x1.62e400p-1f), clamped);
  r = fma(n, V(-0x1.7f7d1cp-20f), r) + tail;
  const V rest = exp_remainder(r);
  const V one_and_r = V(1.0f) + r;
  const V small = (r - (one_and_r - V(1.0f))) + rest;  // the rounding error of 1 + r, and the rest
  const V p = one_and_r + small;
  const I whole = to_int(n), half = shift_right<1>(whole);
  const V first = power_of_two<V>(half), second = power_of_two<V>(whole - half);
  high = select(x == x, p * first * second, x);
  low = ((one_and_r - p) + small) * first * second;
}

template <class V>
SHOAL_HD V exp(V x) {
  V high, low;
  exp_parts(x, V(0.0f), high, low);
  return high;
}

/// 1 / (1 + exp(-x)), in the form that does not cancel; one residual correction improves the quotient.
template <class V>
SHOAL_HD V sigmoid(V x) {
  V e, e_low;
  exp_parts(-abs(x), V(0.0f), e, e_low);
  const auto right = x >= V(0.0f);
  const V top = select(right, V(1.0f), e), top_low = select(right, V(0.0f), e_low);
  const V bottom = V(1.0f) + e, bottom_low = (e - (bottom - V(1.0f))) + e_low;
  const V inverse = power_over(V(1.0f), bottom), quotient = top * inverse;
  const V residual = fma(-quotient, bottom, top) + fma(-quotient, bottom_low, top_low);
  return fma(residual, inverse, quotient);
}

/// exp(x) with the same bits as exp(), for x in [0, 40] and for NaN. In this range nothing needs clamping,
/// and one factor 2^n is enough, whose n is in the low bits of the sum that rounding by 1.5 2^23 makes.
template <class V>
SHOAL_HD V exp_of_moderate(V x) {
  using I = typename LaneTraits<V>::Int;
  const V shifted = x * V(0x1.715476p+0f) + V(0x1.8p23f), n = shifted - V(0x1.8p23f);
  V r = fma(n, V(-0x1.62e400p-1f), x);
  r = fma(n, V(-0x1.7f7d1cp-20f), r);
  const V rest = exp_remainder(r);
  const V one_and_r = V(1.0f) + r;
  const V p = one_and_r + ((r - (one_and_r - V(1.0f))) + rest);
  // 0x4b400000 is the bit pattern of 1.5 2^23. For no NaN does this difference overflow an int.
  return p * from_bits(shift_left<23>(bits(shifted) - I(0x4b400000 - 127)));
}

template <class V>
SHOAL_HD V tanh(V x) {
  const float c[] = {-0x1.55553ep-2f, 0x1.1109bep-3f, -0x1.b89ab8p-5f, 0x1.54c3aap-6f, -0x1.8286e4p-8f};
  const V z = abs(x), square = x * x;
  const V small = fma(x * square, polynomial(square, c), x);
  const V twice = z + z;  // from 40 on the result is 1
  const V above = exp_of_moderate(select(twice > V(40.0f), V(40.0f), twice)) + V(1.0f);
  const V large = V(1.0f) - power_over(V(2.0f), above);
  const V signed_large = select(x < V(0.0f), -large, large);
  return select(z >= V(0.6f), signed_large, small);  // NaN: small is NaN
}

}  // namespace shoal::kernels
