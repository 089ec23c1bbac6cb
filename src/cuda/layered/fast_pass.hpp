// SPDX-License-Identifier: Apache-2.0
// The layers' products by FastProducts (math = fast), for chunks whose tasks all have equally many rows: one
// strided batch per product, then a kernel for what follows element by element. Others go through the exact
// kernels, which take ragged rows as they are.
#pragma once

#include "cuda/layered/fast_products.hpp"
#include "kernels/layered/arguments.hpp"

namespace shoal::cuda {

/// `rows`: of every task of the chunk. Returns false, having done nothing, where there is no product in it.
bool run_fast(FastProducts& products, kernels::GemmLayout layout, const kernels::LayerRowJob& job, int rows,
              Stream& stream);
/// The weight's sums alone.
bool run_fast(FastProducts& products, const kernels::LayerSumJob& job, int rows, Stream& stream);

}  // namespace shoal::cuda
