// SPDX-License-Identifier: Apache-2.0
// LayeredCall: describes one operation on a batch to the layer-by-layer regime. Pointers are to device
// memory, except where a member says `host`.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/team/task_arguments.hpp"
#include "kernels/team/task_kernels.hpp"

namespace shoal::cuda {

struct LayeredRows {
  kernels::RowsView rows;
  std::span<const std::int64_t> row_starts;  ///< host [tasks + 1]; empty: no such side
};

struct LayeredCall {
  kernels::TaskKernel operation = kernels::TaskKernel::meta_gradient;
  kernels::Network network;     ///< in the device layout; layers: host
  kernels::LossOptions loss;    ///< quantiles: device
  kernels::InnerOptions inner;  ///< step weights: host
  LayeredRows support, query;
  int tasks = 0;
  const float* theta = nullptr;
  const float* rates = nullptr;
  int rate_count = 0;

  std::uint8_t* status = nullptr;       ///< [tasks] in and out
  std::int32_t* failed_step = nullptr;  ///< [tasks]
  float *loss_before = nullptr, *loss_after = nullptr;
  float* fast_weights = nullptr;   ///< [tasks, P] or null
  long long* sums = nullptr;       ///< [digits, P] added to
  long long* rate_sums = nullptr;  ///< [digits, R] added to

  std::span<const int> points;            ///< host; evaluate: steps, ascending; outputs are [points, tasks]
  const float* own_parameters = nullptr;  ///< predict: [tasks, P]
  float* outputs = nullptr;               ///< predict: [rows, outputs]
};

/// Makes it from a call that is prepared for the device. `network` and `inner` are in host memory; `job` has
/// the rest.
LayeredCall layered_call(kernels::TaskKernel operation, const kernels::TaskArguments& job,
                         const kernels::Network& network, const kernels::InnerOptions& inner,
                         std::span<const std::int64_t> support_row_starts,
                         std::span<const std::int64_t> query_row_starts, std::span<const int> points);

}  // namespace shoal::cuda
