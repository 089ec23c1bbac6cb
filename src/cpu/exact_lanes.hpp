// SPDX-License-Identifier: Apache-2.0
// Adds the lanes of many vectors to the digits of exact sums (core/exact_sum.hpp). A value has at most two
// digits that are not zero, out of five, so a digit is skipped where the values of all lanes allow it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::cpu {

constexpr double digit_magic[6] = {0.0,       0x1.8p+61, 0x1.8p+9,
                                   0x1.8p-43, 0x1.8p-95, 0x1.8p-147};  // 1.5 * 2^52 units

/// Adds eight values at a time, if the lanes have the operation for it; returns how many were added.
template <class L>
std::size_t add_eights_exactly(const typename L::V* values, std::size_t count, typename L::M good,
                               std::int64_t* const* sums) {
  using V = typename L::V;
  std::size_t i = 0;
  if constexpr (requires(typename L::Halves(&x)[8]) { L::extract_eight_digits(x, 0.0, sums[0]); }) {
    for (; i + 8 <= count; i += 8) {
      typename L::Halves rest[8];
      V largest(0.0f);
#pragma GCC unroll 8
      for (std::size_t w = 0; w < 8; ++w) {
        const V value = select(good, values[i + w], V(0.0f)), size = abs(value);
        largest = select(size > largest, size, largest);
        rest[w] = L::widen(value);
      }
      if (L::any(largest >= V(0x1p+8f))) L::extract_eight_digits(rest, digit_magic[1], sums[1] + i);
      L::extract_eight_digits(rest, digit_magic[2], sums[2] + i);
      for (int d = 3; d < 6; ++d) {
        bool zero = true;
#pragma GCC unroll 8
        for (int w = 0; w < 8; ++w) zero = zero && L::all_zero(rest[w]);
        if (zero) break;
        L::extract_eight_digits(rest, digit_magic[d], sums[d] + i);
      }
    }
  }
  return i;
}

/// sums[d][i] += digit d of every lane of values[i] that is `good`; there |values| <= 2^60. The caller has
/// reserved capacity for L::width values.
template <class L>
void add_lanes_exactly(const typename L::V* values, std::size_t count, typename L::M good,
                       std::int64_t* const* sums) {
  using V = typename L::V;
  for (std::size_t i = add_eights_exactly<L>(values, count, good, sums); i < count; ++i) {
    const V value = select(good, values[i], V(0.0f));
    typename L::Halves rest = L::widen(value);
    // The first digit is zero below half of its unit, 2^9.
    if (L::any(abs(value) >= V(0x1p+8f))) sums[1][i] += L::extract_digit(rest, digit_magic[1]);
    sums[2][i] += L::extract_digit(rest, digit_magic[2]);
    for (int d = 3; d < 6 && !L::all_zero(rest); ++d) sums[d][i] += L::extract_digit(rest, digit_magic[d]);
  }
}

/// For lanes = units: sums[d][first + w step] += digit d of lane w, for the first `count` lanes.
template <class L>
void add_values_exactly(typename L::V value, int count, std::size_t first, int step,
                        std::int64_t* const* sums) {
  using V = typename L::V;
  if (count < L::width) value = select(L::first(count), value, V(0.0f));
  typename L::Halves rest = L::widen(value);
  const auto add = [&](int d) __attribute__((always_inline)) {
    if (count == L::width && step == 1) {
      L::add_digits(rest, digit_magic[d], sums[d] + first);
      return;
    }
    std::int64_t digit[L::width] = {};
    L::add_digits(rest, digit_magic[d], digit);
    for (int w = 0; w < count; ++w)
      sums[d][first + static_cast<std::size_t>(w) * static_cast<std::size_t>(step)] += digit[w];
  };
  if (L::any(abs(value) >= V(0x1p+8f))) add(1);
  add(2);
  for (int d = 3; d < 6 && !L::all_zero(rest); ++d) add(d);
}

}  // namespace shoal::cpu
