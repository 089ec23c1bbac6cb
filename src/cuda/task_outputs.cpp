// SPDX-License-Identifier: Apache-2.0
#include "cuda/task_outputs.hpp"

#include <limits>

namespace shoal::cuda {
namespace {

constexpr float canonical_nan = std::numeric_limits<float>::quiet_NaN();  // 0x7fc00000

}  // namespace

void TaskOutputs::reserve(Stream& stream, std::size_t entries, std::size_t fast_weights,
                          kernels::TaskArguments& job) {
  job.failed_step = failed_step_.reserve(stream, entries);
  job.loss_before = loss_before_.reserve(stream, entries);
  job.loss_after = loss_after_.reserve(stream, entries);
  // Zeroed, because all are downloaded but failed tasks store none.
  job.fast_weights = fast_weights_.reserve_zeroed(stream, fast_weights);
}

void TaskOutputs::fetch_outcomes(Stream& stream, const kernels::TaskArguments& job,
                                 std::span<TaskStatus> status, std::span<std::int32_t> failed_step) {
  static_assert(sizeof(TaskStatus) == 1);
  stream.copy_to_host(status.data(), job.status, status.size());
  stream.copy_to_host(failed_step.data(), job.failed_step, failed_step.size_bytes());
  stream.synchronize("task kernel");
}

void TaskOutputs::fetch_losses(Stream& stream, const float* from, std::span<const TaskStatus> status,
                               std::span<float> losses) {
  if (losses.empty()) return;
  stream.fetch(losses.data(), from, losses.size_bytes());
  for (std::size_t t = 0; t < losses.size(); ++t)
    if (status[t] != TaskStatus::good) losses[t] = canonical_nan;
}

void TaskOutputs::fetch_fast_weights(Stream& stream, const kernels::TaskArguments& job,
                                     const DeviceLayout& layout, std::span<const TaskStatus> status,
                                     std::span<float> fast_weights) {
  if (fast_weights.empty()) return;
  const std::size_t size = layout.size(), packed = layout.packed_size();
  std::vector<float> padded(status.size() * size);
  stream.fetch(padded.data(), job.fast_weights, padded.size() * sizeof(float));
  for (std::size_t t = 0; t < status.size(); ++t) {
    float* const to = fast_weights.data() + t * packed;
    if (status[t] == TaskStatus::good)
      layout.pack(padded.data() + t * size, to);
    else
      std::fill(to, to + packed, canonical_nan);
  }
}

}  // namespace shoal::cuda
