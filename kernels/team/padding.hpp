// SPDX-License-Identifier: Apache-2.0
// Row strides of a team's matrices.
#pragma once

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// Row stride of a matrix with `columns` columns: an odd number of 16-byte words, so that the same columns of
/// eight neighbouring rows are in eight different groups of shared-memory banks.
SHOAL_HD constexpr int padded(int columns) {
  const int words = (columns + 3) / 4;
  return 4 * (words % 2 == 0 ? words + 1 : words);
}

}  // namespace shoal::kernels
