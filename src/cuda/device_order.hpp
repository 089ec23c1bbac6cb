// SPDX-License-Identifier: Apache-2.0
// DeviceOrder: the order of tasks (kernels/batch/task_order.hpp), computed on the device. A batch with the
// same sizes and the same bad tasks as the previous one is not sorted again. Memory is kept from call to
// call.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "cuda/runtime/array.hpp"
#include "kernels/batch/task_order.hpp"

namespace shoal::cuda {

class DeviceOrder {
 public:
  /// What determines an order. Equal versions mean equal sizes of the tasks on that side.
  struct Origin {
    long support = 0, query = 0;
    std::vector<std::uint8_t> status;  ///< [tasks] as on the device; empty: equal sizes, no bad task
    bool operator==(const Origin&) const = default;
  };
  /// The order, [tasks] on the device. The caller fills sizes and statuses of `job`; this function fills the
  /// rest.
  const std::int32_t* of(Stream& stream, kernels::TaskOrderArguments job, const Origin& origin);

 private:
  void sort(Stream& stream, const kernels::TaskOrderArguments& job);

  DeviceArray<std::uint32_t> rows_;
  DeviceArray<std::int32_t> order_;
  std::deque<DeviceArray<char>> scratch_;  ///< one per request of a sort, which needs all of them at once
  Origin made_from_;                       ///< versions 0: no order yet
};

}  // namespace shoal::cuda
