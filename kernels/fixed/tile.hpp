// SPDX-License-Identifier: Apache-2.0
// FixedTile: how the lanes of a task share the elements of a matrix. The lanes form a grid of `down` x
// `across`; each has `rows` x `columns` elements of every strip, and strips lie side by side. A lane sums up
// one strip at a time, in registers.
#pragma once

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

struct FixedTile {
  int down = 1, across = 1, rows = 1, columns = 1, strips = 1;

  SHOAL_HD constexpr int height() const { return down * rows; }
  SHOAL_HD constexpr int strip_width() const { return across * columns; }
  SHOAL_HD constexpr int width() const { return strips * strip_width(); }
  SHOAL_HD constexpr int elements() const { return strips * rows * columns; }
};

/// Accumulators of a lane: with the operands of a step and addresses they must fit its 255 registers.
inline constexpr int most_accumulators = 64;
/// The same where a lane holds nothing else and there is one product.
inline constexpr int most_accumulators_alone = 100;

/// Loads that fetch n neighbouring elements of a lane: quads, a pair, one (kernels/fixed/lane_columns.cuh).
SHOAL_HD constexpr int fixed_loads(int n) {
  return n / 4 + n % 4 / 2 + n % 2;
}
SHOAL_HD constexpr int parts_of(int n, int by) {
  return (n + by - 1) / by;
}

/// The tile for sums along the columns of an operand [rows, terms]: forward and backward products. The cost
/// is that of four terms: multiply-adds, and loads of both operands.
SHOAL_HD constexpr FixedTile fixed_row_tile(int rows, int columns, int lanes) {
  FixedTile best;
  int least = 1 << 30;
  for (int down = 1; down <= lanes; down *= 2) {
    const FixedTile tile{down, lanes / down, parts_of(rows, down), parts_of(columns, lanes / down), 1};
    const int tile_elements = tile.rows * tile.columns;
    const int cost = 4 * tile_elements + tile.rows + 4 * fixed_loads(tile.columns) +
                     (tile_elements > most_accumulators ? 1 << 20 : 0);
    // Of tiles that cost the same, the one with the fewest elements beyond the matrix.
    if (cost < least || (cost == least && tile.height() * tile.width() < best.height() * best.width())) {
      least = cost;
      best = tile;
    }
  }
  return best;
}

/// The tile for sums over rows: gradients of a weight [rows, columns]. The cost is that of one term.
SHOAL_HD constexpr FixedTile fixed_weight_tile(int rows, int columns, int lanes) {
  FixedTile best;
  int least = 1 << 30;
  for (int strips = 1; strips <= 8; strips *= 2)
    for (int down = 1; down <= lanes; down *= 2) {
      const int across = lanes / down;
      const FixedTile tile{down, across, parts_of(rows, down), parts_of(columns, across * strips), strips};
      if (strips > 1 && tile.strip_width() % 4 != 0) continue;  // strips begin at 16-byte words
      const int cost = tile.elements() + strips * (fixed_loads(tile.rows) + fixed_loads(tile.columns)) +
                       (tile.rows * tile.columns > most_accumulators ? 1 << 20 : 0);
      if (cost < least || (cost == least && tile.height() * tile.width() < best.height() * best.width())) {
        least = cost;
        best = tile;
      }
    }
  return best;
}

/// The position of a lane in a grid. Neighbouring lanes n and n ^ 1 share a column of tiles, lanes n and n ^
/// 2 a row: shared memory serves 16-byte loads of equal neighbours at twice the width. A quarter of a warp
/// spreads over as many columns as there are, up to eight.
struct FixedPlace {
  int row, column;
};
SHOAL_HD constexpr int bits_of(int power) {
  int n = 0;
  while (1 << n < power) ++n;
  return n;
}
SHOAL_HD constexpr FixedPlace place_from_bits(int row_bits, int column_bits, int lane) {
  const int first_row = row_bits > 0 ? 1 : 0, rest_row = row_bits - first_row;
  const int low = column_bits < 3 ? column_bits : 3, above = lane >> first_row;
  FixedPlace at{first_row ? lane & 1 : 0, above & ((1 << low) - 1)};
  if (rest_row > 0) at.row |= ((above >> low) & ((1 << rest_row) - 1)) << 1;
  if (column_bits > low) at.column |= above >> (low + rest_row) << low;
  return at;
}
SHOAL_HD constexpr FixedPlace fixed_place(int down, int across, int lane) {
  return place_from_bits(bits_of(down), bits_of(across), lane);
}
template <int down, int across>
SHOAL_HD FixedPlace fixed_place(int lane) {
  constexpr int row_bits = bits_of(down), column_bits = bits_of(across);
  return place_from_bits(row_bits, column_bits, lane);
}

/// The column of tiles that a lane takes from a row of a weight whose rows are swizzled: `row_quad` is row
/// / 4.
template <bool swizzled>
SHOAL_HD int swizzled_lane(int column, int row_quad) {
  return swizzled ? (column & ~7) | ((column ^ row_quad) & 7) : column;
}

}  // namespace shoal::kernels
