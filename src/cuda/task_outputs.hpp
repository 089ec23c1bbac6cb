// SPDX-License-Identifier: Apache-2.0
// TaskOutputs: the results of the task kernels per task, and their download to the host. All results of a bad
// task become the canonical NaN (contract N1).
#pragma once

#include <span>

#include <shoal/task_status.hpp>

#include "cuda/device_layout.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/team/task_arguments.hpp"

namespace shoal::cuda {

class TaskOutputs {
 public:
  /// Reserves memory for `entries` losses and failed steps, and for `fast_weights` floats.
  void reserve(Stream& stream, std::size_t entries, std::size_t fast_weights, kernels::TaskArguments& job);

  // The following functions wait for the stream.
  static void fetch_outcomes(Stream& stream, const kernels::TaskArguments& job, std::span<TaskStatus> status,
                             std::span<std::int32_t> failed_step);
  /// Downloads the losses `from`; `status` must be on the host already.
  static void fetch_losses(Stream& stream, const float* from, std::span<const TaskStatus> status,
                           std::span<float> losses);
  /// Downloads the fast weights of `job` to [tasks, P], packed.
  static void fetch_fast_weights(Stream& stream, const kernels::TaskArguments& job,
                                 const DeviceLayout& layout, std::span<const TaskStatus> status,
                                 std::span<float> fast_weights);

 private:
  DeviceArray<std::int32_t> failed_step_;
  DeviceArray<float> loss_before_, loss_after_, fast_weights_;
};

}  // namespace shoal::cuda
