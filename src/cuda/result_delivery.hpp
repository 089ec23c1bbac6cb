// SPDX-License-Identifier: Apache-2.0
// ResultDelivery: writes the results of a call, packed, to device memory of the caller, in stream order.
#pragma once

#include <cstdint>
#include <span>

#include <shoal/device_results.hpp>

#include "cuda/update_workspace.hpp"

namespace shoal::cuda {

class ResultDelivery {
 public:
  /// Reserves the sums of `job` and uploads what means() needs. Call this before the launch of the task
  /// kernel.
  void prepare_means(Stream& stream, const DeviceProblem& problem, kernels::TaskArguments& job);
  /// Uploads what packing parameters of `layout` needs; `layout` must live until the stream has finished the
  /// copy.
  void prepare_packing(Stream& stream, const DeviceLayout& layout);

  // Call the following functions after the launch of the task kernel. They do not wait for the stream.
  /// Writes theta, rates, mean_query_loss and good.
  void means(Stream& stream, const DeviceProblem& problem, const DeviceMetaGradient<float>& to);
  /// Writes status and failed step of tasks, or of points x tasks.
  static void outcomes(Stream& stream, const kernels::TaskArguments& job, std::span<TaskStatus> status,
                       std::span<std::int32_t> failed_step);
  static void losses(Stream& stream, const float* from, const std::uint8_t* status, std::span<float> to);
  void fast_weights(Stream& stream, const kernels::TaskArguments& job, const DeviceLayout& layout,
                    std::span<float> to);

 private:
  UpdateWorkspace workspace_;
  kernels::UpdateArguments update_;
  DeviceArray<float> discarded_;  ///< parameters that the update writes and nobody reads
  DeviceArray<std::int32_t> padded_indices_;
  const std::int32_t* packing_ = nullptr;
};

}  // namespace shoal::cuda
