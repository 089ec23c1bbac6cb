// SPDX-License-Identifier: Apache-2.0
// ResultDelivery: results of a call into device memory of the caller, packed, in the order of the stream.
#pragma once

#include <cstdint>
#include <span>

#include <shoal/device_results.hpp>

#include "cuda/update_workspace.hpp"

namespace shoal::cuda {

class ResultDelivery {
 public:
  /// Places the sums of `job` and sends what the means need; before the launch of the task kernel.
  void prepare_means(Stream& stream, const DeviceProblem& problem, kernels::TaskArguments& job);
  /// Sends what packing parameters of `layout` needs; `layout` stays until the stream has come there.
  void prepare_packing(Stream& stream, const DeviceLayout& layout);

  // The following come after the launch of the task kernel and wait for nothing.
  /// theta, rates, mean_query_loss and good.
  void means(Stream& stream, const DeviceProblem& problem, const DeviceMetaGradient<float>& to);
  /// `entries`: tasks, or points x tasks.
  static void outcomes(Stream& stream, const kernels::TaskArguments& job, std::span<TaskStatus> status,
                       std::span<std::int32_t> failed_step);
  static void losses(Stream& stream, const float* from, const std::uint8_t* status, std::span<float> to);
  void fast_weights(Stream& stream, const kernels::TaskArguments& job, const DeviceLayout& layout,
                    std::span<float> to);

 private:
  UpdateWorkspace workspace_;
  kernels::UpdateArguments update_;
  DeviceArray<float> discarded_;  ///< what the update makes of the parameters
  DeviceArray<std::int32_t> places_;
  const std::int32_t* packing_ = nullptr;
};

}  // namespace shoal::cuda
