// SPDX-License-Identifier: Apache-2.0
// DeviceRowChecks: the checks that the host makes of rows it uploads, for rows that are already on the
// device.
#pragma once

#include <cstdint>
#include <span>

#include "cuda/row_format.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/team/task_arguments.hpp"

namespace shoal::cuda {

class DeviceRowChecks {
 public:
  /// Checks the rows of `tasks`, to which `job` points, and writes labels as floats to `support_labels` and
  /// `query_labels`. Gives status 1 to tasks with a non-finite value, in job.status and in `status` [tasks].
  /// Waits for the stream. Throws DataError, naming set, task and row, for the first label that is no class,
  /// and for the first target outside the domain of the loss.
  void run(Stream& stream, const TaskBatch& tasks, const RowFormat& format, const kernels::TaskArguments& job,
           float* support_labels, float* query_labels, std::span<std::uint8_t> status);

 private:
  DeviceArray<unsigned long long> refused_;
};

}  // namespace shoal::cuda
