// SPDX-License-Identifier: Apache-2.0
// erf and the normal distribution from IEEE operations alone (see exponential.hpp).
#pragma once

#include "kernels/math/exponential.hpp"

namespace shoal::kernels {

/// exp(-x^2 / 2) = e + e_low. The rounding error of the square is added back, which keeps the relative
/// accuracy far into the tail.
template <class V>
SHOAL_HD void half_square_exp(V x, V& e, V& e_low) {
  const V half = V(-0.5f) * x, square = half * x, lost = fma(half, x, -square);
  exp_parts(square, select(abs(square) < V(110.0f), lost, V(0.0f)), e, e_low);
}

/// Phi(-z), or z Phi(-z), for z >= 0.7, computed as e G(z) from exp(-z^2 / 2) = e + e_low. G is a polynomial
/// in (z - c) / (z + c) on two intervals; from z = 4 on, z G(z) is a polynomial in 1 / z^2.
enum class TailFactor { one, z };
template <TailFactor by, class V>
SHOAL_HD V normal_tail(V z, V e, V e_low) {
  const float near[] = {0x1.cac332p-3f, -0x1.19f850p-2f, 0x1.6b2e34p-6f,  0x1.d7f6c4p-6f,
                        0x1.b373bep-8f, -0x1.567104p-9f, -0x1.93bcc8p-9f, -0x1.3f9cb6p-10f};
  const float middle[] = {0x1.f86d6ep-4f, -0x1.aab048p-3f, 0x1.f66bdap-4f,   -0x1.6c1b4ap-5f,
                          0x1.437fbcp-8f, 0x1.9751aap-9f,  -0x1.81827cp-11f, 0x1.ebaeeep-15f};
  const float far[] = {0x1.98844ap-2f,  -0x1.987640p-2f, 0x1.308f46p+0f,
                       -0x1.628e50p+2f, 0x1.afe8b0p+4f,  -0x1.3d410ap+6f};
  const V finite = select(z < V(20.0f), z, V(20.0f));
  const auto is_near = finite < V(1.9f);
  const V c = select(is_near, V(0x1.501062p+0f), V(0x1.79fbe8p+1f)), t = (finite - c) / (finite + c);
  V sum(0.0f);
  for (int i = 7; i >= 0; --i) sum = fma(sum, t, select(is_near, V(near[i]), V(middle[i])));
  const V inverse = V(1.0f) / finite;
  const V outer = polynomial(inverse * inverse, far);
  const auto is_inner = finite < V(4.0f);
  V factor, factor_low(0.0f);
  if (by == TailFactor::z) {
    const V product = sum * finite;
    factor = select(is_inner, product, outer);
    factor_low = select(is_inner, fma(sum, finite, -product), V(0.0f));
  } else {
    factor = select(is_inner, sum, outer / finite);
  }
  return fma(e, factor, fma(e, factor_low, e_low * factor));
}

/// The standard normal at x: distribution Phi, density phi, and x Phi, which is gelu.
template <class V>
SHOAL_HD void normal_distribution(V x, V& distribution, V& density, V& product) {
  const float centre[] = {0x1.988454p-2f,   -0x1.1058a2p-4f, 0x1.46f268p-7f,
                          -0x1.3bd332p-10f, 0x1.3776bcp-13f, -0x1.0d2cfap-15f};
  V e, e_low;
  half_square_exp(x, e, e_low);
  const auto inside = abs(x) < V(0.7f), left = x < V(0.0f);
  const V tail = normal_tail<TailFactor::one>(abs(x), e, e_low);
  const V inner = fma(x, polynomial(x * x, centre), V(0.5f));
  distribution = select(inside, inner, select(left, tail, V(1.0f) - tail));
  distribution = select(x == x, distribution, x);
  density = V(0x1.988454p-2f) * e;  // 1 / sqrt(2 pi)
  const V left_product = -normal_tail<TailFactor::z>(abs(x), e, e_low);
  product = select(left, select(inside, x * distribution, left_product), x * distribution);
  product = select(x == x, product, x);
}

template <class V>
SHOAL_HD V erf(V x) {
  const float c[] = {0x1.06eba8p-3f, -0x1.812742p-2f,  0x1.ce2dfap-4f, -0x1.b80ee8p-6f,
                     0x1.54d5a2p-8f, -0x1.aafd08p-11f, 0x1.5fff36p-14f};
  const V square = x * x;
  const V small = fma(x, polynomial(square, c), x);
  const V z = abs(x) * V(0x1.6a09e6p+0f);  // sqrt(2)
  V e, e_low;
  half_square_exp(z, e, e_low);
  const V large = fma(V(-2.0f), normal_tail<TailFactor::one>(z, e, e_low), V(1.0f));
  const V signed_large = select(x < V(0.0f), -large, large);
  return select(x == x, select(abs(x) < V(0.9f), small, signed_large), x);
}

}  // namespace shoal::kernels
