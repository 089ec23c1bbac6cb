// SPDX-License-Identifier: Apache-2.0
// TeamWidth: a number of columns and what teams divide by to find their place among them: made on the host,
// since a division by a number that is not known costs a thread about as much as a tile's step along a sum.
#pragma once

#include "kernels/lanes.hpp"

namespace shoal::kernels {

/// n / by for 0 <= n < 2^16, as the high half of a product.
struct TeamDivisor {
  int by = 1;
  std::uint32_t magic = 0;  ///< ceil(2^32 / by); 0 for 1

  SHOAL_HD int divide(int n) const {
    return magic == 0
               ? n
               : static_cast<int>((static_cast<std::uint64_t>(magic) * static_cast<std::uint32_t>(n)) >> 32);
  }
};

constexpr TeamDivisor divisor(int by) {
  return {by, by == 1 ? 0u : static_cast<std::uint32_t>(((std::uint64_t{1} << 32) + by - 1) / by)};
}

struct TeamWidth {
  int size = 0;
  TeamDivisor singles, quads, octets;  ///< columns, groups of four columns, of eight
};

constexpr TeamWidth team_width(int columns) {
  return {columns, divisor(columns), divisor((columns + 3) / 4), divisor((columns + 7) / 8)};
}

}  // namespace shoal::kernels
