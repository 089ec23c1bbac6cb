// SPDX-License-Identifier: Apache-2.0
// Where results go that stay on the device: memory of the caller, on the device of a context of backend cuda
// (docs/cuda.md). Values and order are those of the results on the host, bit for bit: packed, and the
// canonical NaN for tasks that failed. A span that is empty is not wanted; others have the size that stands
// beside them.
//
//   learner.adapt_to(tasks, 5, {.phi = {device_memory, tasks.size() * learner.layout().size()}});
//   consumer<<<blocks, threads, 0, stream>>>(device_memory);  // the context's stream: comes after
#pragma once

#include <cstdint>
#include <span>

#include <shoal/task_status.hpp>

namespace shoal {

/// MetaGradient, on the device.
template <class Real>
struct DeviceMetaGradient {
  std::span<Real> theta = {};                ///< [P] mean over good tasks; zero when none is good
  std::span<Real> rates = {};                ///< [R]
  std::span<Real> query_loss_before = {};    ///< [tasks] at theta
  std::span<Real> query_loss = {};           ///< [tasks] after K steps
  std::span<TaskStatus> status = {};         ///< [tasks]
  std::span<std::int32_t> failed_step = {};  ///< [tasks]
  std::span<Real> fast_weights = {};         ///< [tasks, P]
  std::span<Real> mean_query_loss = {};  ///< [2] over good tasks: at theta, after K steps; NaN when none is
  std::span<std::int32_t> good = {};     ///< [1] number of good tasks
};

/// FastWeights, on the device.
template <class Real>
struct DeviceFastWeights {
  std::span<Real> phi = {};                  ///< [tasks, P]
  std::span<TaskStatus> status = {};         ///< [tasks]
  std::span<std::int32_t> failed_step = {};  ///< [tasks]
};

/// StepLosses, on the device.
template <class Real>
struct DeviceStepLosses {
  std::span<Real> loss = {};                 ///< [steps, tasks]
  std::span<TaskStatus> status = {};         ///< [steps, tasks]
  std::span<std::int32_t> failed_step = {};  ///< [steps, tasks]
};

}  // namespace shoal
