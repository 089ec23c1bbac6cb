// SPDX-License-Identifier: Apache-2.0
// TeamWidth: a number of columns, and the divisors by which threads find their position among them. The host
// computes them, since a division by a number that the compiler does not know costs a thread about as much as
// a tile's step along a sum.
#pragma once

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// Computes n / by for 0 <= n < 2^16 as the high half of a product.
struct TeamDivisor {
  int by = 1;
  std::uint32_t magic = 0;  ///< ceil(2^32 / by); 0 for 1

  SHOAL_HD int divide(int n) const {
    return magic == 0
               ? n
               : static_cast<int>((static_cast<std::uint64_t>(magic) * static_cast<std::uint32_t>(n)) >> 32);
  }
  /// The position (g, h) of tile `t` in a grid that is `by` wide, row by row.
  SHOAL_HD void tile_position(int t, int /*down*/, int& g, int& h) const {
    g = divide(t);
    h = t - g * by;
  }
};

constexpr TeamDivisor divisor(int by) {
  return {by, by == 1 ? 0u : static_cast<std::uint32_t>(((std::uint64_t{1} << 32) + by - 1) / by)};
}

/// Columns in quads, and the order of tiles that are one quad wide. A quarter of a warp reads its operands
/// together; they are in different banks if it does not cross the end of a row of tiles. Therefore the tiles
/// of whole groups of eight quads come first, and the remaining ones after them.
struct TeamQuads {
  int by = 0;
  TeamDivisor eights{0, 0}, rest{0, 0};

  /// The position (g, h) of tile `t` in a grid of `down` x `by`.
  SHOAL_HD void tile_position(int t, int down, int& g, int& h) const {
    const int before = down * eights.by;
    const bool behind = t >= before;
    (behind ? rest : eights).tile_position(behind ? t - before : t, down, g, h);
    if (behind) h += eights.by;
  }
};

constexpr TeamQuads team_quads(int by) {
  const int eights = by / 8 * 8;
  return {by, eights > 0 ? divisor(eights) : TeamDivisor{0, 0},
          by > eights ? divisor(by - eights) : TeamDivisor{0, 0}};
}

struct TeamWidth {
  int size = 0;
  TeamDivisor singles, octets;  ///< columns, groups of eight columns
  TeamQuads quads;

  /// The order of tiles of 4 or 8 columns. Wide tiles are ordered row by row, because they have no registers
  /// left for another order.
  template <int tile_columns>
  SHOAL_HD auto groups() const {
    static_assert(tile_columns == 4 || tile_columns == 8);
    if constexpr (tile_columns == 4)
      return quads;
    else
      return octets;
  }
};

constexpr TeamWidth team_width(int columns) {
  return {columns, divisor(columns), divisor((columns + 7) / 8), team_quads((columns + 3) / 4)};
}

}  // namespace shoal::kernels
