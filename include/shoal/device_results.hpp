// SPDX-License-Identifier: Apache-2.0
// Results that stay on the device, in memory of the caller on the device of a context of the cuda backend
// (docs/cuda.md). Values and order equal those of the results on the host, bit for bit: arrays are packed,
// and tasks that failed have the canonical NaN. An empty span means that the caller does not want that
// result; every other span must have the size that stands beside it. The results are there for work that the
// caller submits to the context's stream after the call.
//
// Example:
//
//   void adapt_on_device(const shoal::MetaLearner& model, const shoal::TaskBatch& batch, float*
//   device_memory) {
//     const std::size_t size = static_cast<std::size_t>(batch.size()) * model.layout().size();
//     model.adapt_to(batch, 5, {.phi = {device_memory, size}});
//   }
#pragma once

#include <cstdint>
#include <span>

#include <shoal/task_status.hpp>

namespace shoal {

/// The results of MetaGradient, on the device.
template <class Real>
struct DeviceMetaGradient {
  std::span<Real> theta = {};                ///< [P] mean over good tasks; zero when none is good
  std::span<Real> rates = {};                ///< [R]
  std::span<Real> query_loss_before = {};    ///< [tasks] at theta
  std::span<Real> query_loss = {};           ///< [tasks] after K steps
  std::span<TaskStatus> status = {};         ///< [tasks]
  std::span<std::int32_t> failed_step = {};  ///< [tasks]
  std::span<Real> fast_weights = {};         ///< [tasks, P]
  /// [2] over good tasks: at theta, after K steps; NaN when no task is good
  std::span<Real> mean_query_loss = {};
  std::span<std::int32_t> good = {};  ///< [1] number of good tasks
};

/// The results of FastWeights, on the device.
template <class Real>
struct DeviceFastWeights {
  std::span<Real> phi = {};                  ///< [tasks, P]
  std::span<TaskStatus> status = {};         ///< [tasks]
  std::span<std::int32_t> failed_step = {};  ///< [tasks]
};

/// The results of StepLosses, on the device.
template <class Real>
struct DeviceStepLosses {
  std::span<Real> loss = {};                 ///< [steps, tasks]
  std::span<TaskStatus> status = {};         ///< [steps, tasks]
  std::span<std::int32_t> failed_step = {};  ///< [steps, tasks]
};

}  // namespace shoal
