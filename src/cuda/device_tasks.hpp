// SPDX-License-Identifier: Apache-2.0
// DeviceTasks: a batch on the device, with what the kernels want to know of each task.
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

#include "cuda/device_array.hpp"
#include "kernels/task_arguments.hpp"

namespace shoal::cuda {

/// One side, support or query.
class DeviceRows {
 public:
  /// Marks tasks whose own rows hold a non-finite value with status 1. `targets` false: x and offset alone.
  kernels::RowsView take(Stream& stream, const TaskSet<float>& set, const TaskColumns& columns,
                         const Loss& loss, int outputs, bool targets, std::vector<std::uint8_t>& status);

 private:
  DeviceArray<float> x_, y_, offset_, terms_, scale_;
  DeviceArray<std::int64_t> first_;
  std::vector<float> labels_, host_terms_, host_scale_;
};

/// Tasks in order of falling size, so that the last to be dealt are short.
std::vector<std::int32_t> order_by_falling_size(const TaskSet<float>& support, const TaskSet<float>& query);
/// Rows of the largest task.
int most_rows(const TaskSet<float>& set);

}  // namespace shoal::cuda
