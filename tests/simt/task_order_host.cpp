// SPDX-License-Identifier: Apache-2.0
// The sort of tasks on the host, in stream order. On the host only the code around the sort of Thrust is
// tested; the sort itself runs in the device lanes. This replacement asks for scratch memory twice and
// overwrites it, so that tests notice memory that is in use elsewhere.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/batch/task_order.hpp"
#include "simt/device_host.hpp"
#include "simt/simt.hpp"

namespace shoal::kernels {

void sort_by_falling_rows(const TaskOrderArguments& job, const ScratchMemory& scratch, void* stream) {
  simt::count_device_call("thrust::stable_sort_by_key");
  const std::size_t bytes = static_cast<std::size_t>(job.tasks) * 8;
  void* const first = scratch(bytes);
  void* const second = scratch(bytes);
  simt::launch_on_stream(stream, [=] {
    std::memset(first, 0xfe, bytes);
    std::memset(second, 0xfd, bytes);
    std::stable_sort(job.order, job.order + job.tasks,
                     [&](std::int32_t a, std::int32_t b) { return job.rows[a] > job.rows[b]; });
  });
}

}  // namespace shoal::kernels
