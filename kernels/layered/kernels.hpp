// SPDX-License-Identifier: Apache-2.0
// Launches of the layer kernels, for host code. `stream` is a cudaStream_t; errors are those of the launch:
// see Stream::check().
#pragma once

#include "kernels/layered/arguments.hpp"

namespace shoal::kernels {

/// `most_rows`: of the chunk's largest task.
void launch_layer_rows(GemmLayout layout, const LayerRowJob& job, int most_rows, void* stream);
void launch_layer_sums(const LayerSumJob& job, void* stream);
/// What follows the products alone, where somebody else has multiplied: those over rows without their start
/// lie in job.out, every task has `rows` rows; a step's gradients lie in job.next.
void launch_layer_epilogue(const LayerRowJob& job, int rows, void* stream);
void launch_layer_epilogue(const LayerSumJob& job, void* stream);
void launch_layer_loss(const LayerLossJob& job, void* stream);
void launch_layer_direction(const LayerDirectionJob& job, void* stream);
void launch_layer_rate(const LayerRateJob& job, void* stream);
void launch_layer_resolve_status(const LayerStatusJob& job, void* stream);
/// Raises not_small for tasks with a value that is not.
void launch_layer_check(const LayerReduceJob& job, void* stream);
void launch_layer_reduce(const LayerReduceJob& job, void* stream);
void launch_layer_store_fast_weights(const LayerFastWeightsJob& job, void* stream);
/// [rows, stride] -> [rows, columns]
void launch_layer_outputs(const float* from, std::int64_t rows, int columns, int stride, float* to,
                          void* stream);

}  // namespace shoal::kernels
