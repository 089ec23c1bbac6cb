// SPDX-License-Identifier: Apache-2.0
#include "cuda/result_delivery.hpp"

#include <cstddef>

#include "core/optimizer_step.hpp"
#include "kernels/batch/result_packing.hpp"

namespace shoal::cuda {
namespace {

void pack(Stream& stream, const kernels::ResultPacking& job) {
  if (job.entries * job.columns == 0) return;
  kernels::launch_result_packing(job, stream.handle());
  stream.check("launch of the packing of results");
}

}  // namespace

void ResultDelivery::prepare_means(Stream& stream, const DeviceProblem& problem,
                                   kernels::TaskArguments& job) {
  update_ = workspace_.prepare(stream, problem, job);
  workspace_.clear(stream, update_);
  // The kernel that sums, rounds and divides also updates parameters. Here it updates an array that is
  // discarded, by SGD, which has no state and does not clip.
  OptimizerState<float> state;
  const kernels::IterationInputs inputs{next_update(Optimizer{.kind = OptimizerKind::sgd}, state), 0};
  stream.send(workspace_.inputs(stream), &inputs, sizeof inputs);
  const std::size_t all = problem.size() + problem.rate_count();
  update_.now.values = update_.next.values = discarded_.reserve_zeroed(stream, all);
}

void ResultDelivery::prepare_packing(Stream& stream, const DeviceLayout& layout) {
  packing_ = padded_indices_.upload(stream, layout.padded_indices());
}

void ResultDelivery::means(Stream& stream, const DeviceProblem& problem,
                           const DeviceMetaGradient<float>& to) {
  kernels::launch_meta_update(update_, stream.handle());
  stream.check("launch of the means over tasks");
  const auto width = [](std::span<float> span) { return static_cast<std::int64_t>(span.size()); };
  if (!to.theta.empty())
    pack(stream, {.from = update_.gradient,
                  .entries = 1,
                  .columns = width(to.theta),
                  .padded_indices = packing_,
                  .to = to.theta.data()});
  if (!to.rates.empty())
    pack(stream, {.from = update_.gradient + problem.size(),
                  .entries = 1,
                  .columns = width(to.rates),
                  .padded_indices = problem.rates_are_padded() ? packing_ : nullptr,
                  .to = to.rates.data()});
  static_assert(offsetof(kernels::IterationSummary, mean_query_loss) == sizeof(float));
  if (!to.mean_query_loss.empty())
    stream.copy_on_device(to.mean_query_loss.data(), &update_.summary->mean_query_loss_before,
                          2 * sizeof(float));
  if (!to.good.empty()) stream.copy_on_device(to.good.data(), &update_.summary->good, sizeof(std::int32_t));
}

void ResultDelivery::outcomes(Stream& stream, const kernels::TaskArguments& job, std::span<TaskStatus> status,
                              std::span<std::int32_t> failed_step) {
  if (!status.empty()) stream.copy_on_device(status.data(), job.status, status.size_bytes());
  if (!failed_step.empty())
    stream.copy_on_device(failed_step.data(), job.failed_step, failed_step.size_bytes());
}

void ResultDelivery::losses(Stream& stream, const float* from, const std::uint8_t* status,
                            std::span<float> to) {
  pack(stream,
       {.from = from, .entries = static_cast<std::int64_t>(to.size()), .status = status, .to = to.data()});
}

void ResultDelivery::fast_weights(Stream& stream, const kernels::TaskArguments& job,
                                  const DeviceLayout& layout, std::span<float> to) {
  if (to.empty()) return;
  pack(stream, {.from = job.fast_weights,
                .entries = job.tasks,
                .stride = static_cast<std::int64_t>(layout.size()),
                .columns = static_cast<std::int64_t>(layout.packed_size()),
                .padded_indices = packing_,
                .status = job.status,
                .to = to.data()});
}

}  // namespace shoal::cuda
