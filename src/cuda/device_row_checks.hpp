// SPDX-License-Identifier: Apache-2.0
// DeviceRowChecks: what the host looks at in rows that it sends, for rows that are on the device already.
#pragma once

#include <cstdint>
#include <span>

#include "cuda/row_format.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/team/task_arguments.hpp"

namespace shoal::cuda {

class DeviceRowChecks {
 public:
  /// Looks at the rows of `tasks`, to which `job` points, and turns labels into numbers at `support_labels`
  /// and `query_labels`. Marks tasks whose rows hold a non-finite value with status 1, in job.status and in
  /// `status` [tasks]. Waits for the stream. Throws DataError, naming set, task and row, for the first label
  /// that is no class, and for the first target that the loss is not defined for.
  void run(Stream& stream, const TaskBatch& tasks, const RowFormat& format, const kernels::TaskArguments& job,
           float* support_labels, float* query_labels, std::span<std::uint8_t> status);

 private:
  DeviceArray<unsigned long long> refused_;
};

}  // namespace shoal::cuda
