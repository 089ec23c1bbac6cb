// SPDX-License-Identifier: Apache-2.0
// Computes the products of the layers with FastProducts (math = fast), for chunks whose tasks all have the
// same number of rows: one strided batch per product, then a kernel for the epilogue. Other chunks use the
// exact kernels, which handle ragged rows.
#pragma once

#include "cuda/layered/fast_products.hpp"
#include "kernels/layered/arguments.hpp"

namespace shoal::cuda {

/// `rows` is the number of rows of every task of the chunk. Returns false, and does nothing, if the job
/// contains no product.
bool run_fast(FastProducts& products, kernels::GemmLayout layout, const kernels::LayerRowJob& job, int rows,
              Stream& stream);
/// The same for the sums of the weight; the bias is not computed.
bool run_fast(FastProducts& products, const kernels::LayerSumJob& job, int rows, Stream& stream);

}  // namespace shoal::cuda
