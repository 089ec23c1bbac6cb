// SPDX-License-Identifier: Apache-2.0
// Launches the layer kernels, for host code. `stream` is a cudaStream_t; errors are those of the launch: see
// Stream::check().
#pragma once

#include "kernels/layered/arguments.hpp"

namespace shoal::kernels {

/// `most_rows` is the number of rows of the chunk's largest task.
void launch_layer_rows(GemmLayout layout, const LayerRowJob& job, int most_rows, void* stream);
void launch_layer_sums(const LayerSumJob& job, void* stream);
/// The epilogues alone, for products that cuBLAS has computed. Products over rows, without their start, are
/// in job.out, and every task has `rows` rows; the gradients of a step are in job.next.
void launch_layer_epilogue(const LayerRowJob& job, int rows, void* stream);
void launch_layer_epilogue(const LayerSumJob& job, void* stream);
void launch_layer_loss(const LayerLossJob& job, void* stream);
void launch_layer_direction(const LayerDirectionJob& job, void* stream);
void launch_layer_rate(const LayerRateJob& job, void* stream);
void launch_layer_resolve_status(const LayerStatusJob& job, void* stream);
/// Raises not_small for tasks that have a value above 2^60 or one that is not finite.
void launch_layer_check(const LayerReduceJob& job, void* stream);
void launch_layer_reduce(const LayerReduceJob& job, void* stream);
void launch_layer_store_fast_weights(const LayerFastWeightsJob& job, void* stream);
/// Copies [rows, stride] to [rows, columns], without the padding.
void launch_layer_outputs(const float* from, std::int64_t rows, int columns, int stride, float* to,
                          void* stream);

}  // namespace shoal::kernels
