// SPDX-License-Identifier: Apache-2.0
// Row strides of the matrices that teams work on.
#pragma once

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

/// Row stride of a matrix with `columns` columns: whole 16-byte words, an odd number of them, so that the
/// same columns of eight neighbouring rows lie in eight different groups of shared-memory banks.
SHOAL_HD constexpr int padded(int columns) {
  const int words = (columns + 3) / 4;
  return 4 * (words % 2 == 0 ? words + 1 : words);
}

}  // namespace shoal::kernels
