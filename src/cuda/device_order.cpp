// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_order.hpp"

#include <stdexcept>

namespace shoal::cuda {

void DeviceOrder::sort(Stream& stream, const kernels::TaskOrderArguments& job) {
  std::size_t requests = 0;
  const auto scratch = [&](std::size_t bytes) -> void* {
    if (requests == scratch_.size()) scratch_.emplace_back();
    return scratch_[requests++].reserve(stream, bytes);
  };
  try {
    kernels::sort_by_falling_rows(job, scratch, stream.handle());
  } catch (const Error&) {  // scratch memory could not be allocated
    throw;
  } catch (const std::runtime_error& error) {
    throw DeviceError("sort of the tasks", error.what(), SourceLocation::current());
  }
  stream.check("sort of the tasks");
}

const std::int32_t* DeviceOrder::of(Stream& stream, kernels::TaskOrderArguments job, const Origin& origin) {
  const auto count = static_cast<std::size_t>(job.tasks);
  if (count == 0 || made_from_ == origin) return order_.reserve(stream, count);
  made_from_ = {};  // until all work is submitted
  job.order = order_.reserve(stream, count);
  job.rows = rows_.reserve(stream, count);
  kernels::launch_task_rows(job, stream.handle());
  stream.check("launch of the tasks' sizes");
  if (!origin.status.empty()) sort(stream, job);
  made_from_ = origin;
  return job.order;
}

}  // namespace shoal::cuda
