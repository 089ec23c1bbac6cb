// SPDX-License-Identifier: Apache-2.0
// GemmLayout: which operand of a matrix product is stored transposed, in the letters of BLAS. Matrices are
// row-major, and every sum runs over s in index order.
#pragma once

namespace shoal::kernels {

enum class GemmLayout {
  nn,  ///< out[r][j] = sum_s a[r][s] b[s][j]: forward, Z = A W
  nt,  ///< out[r][j] = sum_s a[r][s] b[j][s]: backward, dA = dZ W^T
  tn,  ///< out[r][j] = sum_s a[s][r] b[s][j]: sums over rows, dW = A^T dZ
};

}  // namespace shoal::kernels
