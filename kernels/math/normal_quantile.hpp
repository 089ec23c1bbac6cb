// SPDX-License-Identifier: Apache-2.0
// The quantile function of the standard normal, made of IEEE operations only (see exponential.hpp).
#pragma once

#include "kernels/math/logarithm.hpp"

namespace shoal::kernels {

/// x with Phi(x) = p for p in (0, 1); -inf at 0, inf at 1, NaN outside. Centre: q times a polynomial in q^2,
/// q = p - 1/2. Tails: a polynomial in r = sqrt(-log p) on each of three intervals. In the upper tail the
/// result is minus that at 1 - p, a difference that is exact.
template <class V>
SHOAL_HD V normal_quantile(V p) {
  const float centre[] = {0x1.4ffe2cp+1f, 0x1.714bd2p+2f,  0x1.fb61e2p+3f, 0x1.3e6d08p+5f,
                          0x1.269582p+8f, -0x1.fa840cp+9f, 0x1.12aa06p+13f};
  const float near[] = {0x1.010a4cp+1f, 0x1.a36c2ep+0f,  -0x1.45e28cp-4f, 0x1.f15614p-6f,  -0x1.8d6da8p-7f,
                        0x1.43bd48p-8f, -0x1.052dccp-9f, 0x1.1c679ep-10f, -0x1.373d4ap-11f};
  const float middle[] = {0x1.3832f6p+2f,   0x1.7fd8e6p+0f,   -0x1.1571f4p-6f,
                          0x1.d3d2b8p-9f,   -0x1.93e040p-11f, 0x1.618b80p-13f,
                          -0x1.7d293ap-15f, 0x1.80701cp-17f,  0.0f};
  const float far[] = {0x1.4e0c6cp+3f,   0x1.716cc4p+0f,   -0x1.901d62p-9f,
                       0x1.6413d6p-12f,  -0x1.42acbcp-15f, 0x1.23ee32p-18f,
                       -0x1.4f6380p-21f, 0x1.6ddc44p-24f,  0.0f};
  const V q = p - V(0.5f), square = q * q;
  const V inner = fma(q, V(0x1.40d932p+1f), q * (square * polynomial(square, centre)));

  const auto upper = q > V(0.0f);
  V logarithm, log_low;
  log_parts(select(upper, V(1.0f) - p, p), logarithm, log_low);
  const V r = sqrt(-logarithm);
  // The rounding errors of the logarithm and of its root.
  const V lost = (fma(-r, r, -logarithm) - log_low) / (r + r);
  const auto is_near = r < V(2.6f), is_far = r >= V(5.0f);
  const V t =
      r - select(is_near, V(0x1.f33334p+0f), select(is_far, V(0x1.e66666p+2f), V(0x1.e66666p+1f))) + lost;
  V sum(0.0f);
  for (int i = 8; i >= 0; --i)
    sum = fma(sum, t, select(is_near, V(near[i]), select(is_far, V(far[i]), V(middle[i]))));
  sum = select(r < V(12.0f), sum, r);  // p = 0: infinity
  const V outer = select(upper, sum, -sum);
  return select(abs(q) < V(0.316f), inner, outer);
}

}  // namespace shoal::kernels
