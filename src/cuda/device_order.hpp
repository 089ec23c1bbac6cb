// SPDX-License-Identifier: Apache-2.0
// DeviceOrder: the order of tasks (kernels/batch/task_order.hpp), made on the device. A batch like the one
// before it, of the same sizes and with the same bad tasks, is not sorted again, and memory is kept.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "cuda/runtime/array.hpp"
#include "kernels/batch/task_order.hpp"

namespace shoal::cuda {

class DeviceOrder {
 public:
  /// What an order is made from. Equal versions: equal sizes of the tasks on that side.
  struct Origin {
    long support = 0, query = 0;
    std::vector<std::uint8_t> status;  ///< [tasks], those on the device; empty: of one size, none bad
    bool operator==(const Origin&) const = default;
  };
  /// [tasks] on the device. `job` has sizes and statuses, the rest is seen to here.
  const std::int32_t* of(Stream& stream, kernels::TaskOrderArguments job, const Origin& origin);

 private:
  void sort(Stream& stream, const kernels::TaskOrderArguments& job);

  DeviceArray<std::uint32_t> rows_;
  DeviceArray<std::int32_t> order_;
  std::deque<DeviceArray<char>> scratch_;  ///< one per request of a sort: none is given twice in it
  Origin made_from_;                       ///< versions of 0: nothing
};

}  // namespace shoal::cuda
