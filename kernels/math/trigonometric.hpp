// SPDX-License-Identifier: Apache-2.0
// sin and cos, made of IEEE operations only (see exponential.hpp). They are accurate for arguments up to 2^15
// in magnitude; beyond that the reduction loses accuracy, and from 2^22 on the result is NaN.
#pragma once

#include "kernels/math/exponential.hpp"

namespace shoal::kernels {

/// sin(x + quarter pi / 2): x = n pi / 2 + r, with pi / 2 in three parts, then one of two polynomials in r.
template <class V>
SHOAL_HD V sin_of_quarter(V x, int quarter) {
  using I = typename LaneTraits<V>::Int;
  const float s[] = {-0x1.555546p-3f, 0x1.11077ap-7f, -0x1.9954e8p-13f};
  const float c[] = {0x1.55554ap-5f, -0x1.6c0c2ap-10f, 0x1.99e914p-16f};
  const V argument = select(abs(x) < V(0x1p+22f), x, V(0.0f));
  const V n = round_nearest(argument * V(0x1.45f306p-1f));
  V r = fma(n, V(-0x1.921fb6p+0f), argument);
  r = fma(n, V(0x1.777a5cp-25f), r);
  r = fma(n, V(0x1.ee59dap-50f), r);
  const V square = r * r;
  const V sine = fma(r * square, polynomial(square, s), r);
  const V cosine = fma(square * square, polynomial(square, c), fma(V(-0.5f), square, V(1.0f)));
  const I which = to_int(n) + I(quarter);
  const auto odd = to_float(which & I(1)) > V(0.0f);
  const auto negative = to_float(which & I(2)) > V(0.0f);
  const V value = select(odd, cosine, sine);
  const V result = select(negative, -value, value);
  return select(abs(x) < V(0x1p+22f), result, V(__builtin_nanf("")));
}

template <class V>
SHOAL_HD V sin(V x) {
  return sin_of_quarter(x, 0);
}

template <class V>
SHOAL_HD V cos(V x) {
  return sin_of_quarter(x, 1);
}

}  // namespace shoal::kernels
