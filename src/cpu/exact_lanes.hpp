// SPDX-License-Identifier: Apache-2.0
// Adds the lanes of many vectors to the digits of exact sums (core/exact_sum.hpp). A value touches at most
// two of five digits, so the digits above and below are skipped where every lane's value allows it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::cpu {

/// sums[d][i] += digit d of every lane of values[i] where `good`; |values| <= 2^60 there. The caller has made
/// room for L::width values.
template <class L>
void add_lanes_exactly(const typename L::V* values, std::size_t count, typename L::M good,
                       std::int64_t* const* sums) {
  using V = typename L::V;
  constexpr double magic[6] = {0.0,       0x1.8p+61, 0x1.8p+9,
                               0x1.8p-43, 0x1.8p-95, 0x1.8p-147};  // 1.5 * 2^52 units
  for (std::size_t i = 0; i < count; ++i) {
    const V value = select(good, values[i], V(0.0f));
    typename L::Halves rest = L::widen(value);
    // Below half a unit of 2^9 the first digit is zero.
    if (L::any(abs(value) >= V(0x1p+8f))) sums[1][i] += L::take_digit(rest, magic[1]);
    sums[2][i] += L::take_digit(rest, magic[2]);
    for (int d = 3; d < 6 && !L::all_zero(rest); ++d) sums[d][i] += L::take_digit(rest, magic[d]);
  }
}

}  // namespace shoal::cpu
