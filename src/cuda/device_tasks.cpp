// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_tasks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shoal::cuda {
namespace {

void mark_non_finite(std::span<const float> values, int columns, std::span<const std::int64_t> offsets,
                     std::vector<std::uint8_t>& status) {
  for (std::size_t t = 0; t < status.size(); ++t) {
    const auto begin = values.begin() + offsets[t] * columns, end = values.begin() + offsets[t + 1] * columns;
    if (!std::all_of(begin, end, [](float v) { return std::isfinite(v); })) status[t] = 1;
  }
}

std::vector<std::int64_t> even_offsets(int tasks, int rows) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(tasks) + 1);
  for (std::size_t t = 0; t < offsets.size(); ++t) offsets[t] = static_cast<std::int64_t>(t) * rows;
  return offsets;
}

}  // namespace

float* DeviceRows::send(Stream& stream, DeviceArray<float>& to, PinnedArray<float>& through,
                        std::span<const float> values) {
  return to.take(stream, through.hold(values));
}

void DeviceRows::take_sizes(Stream& stream, std::span<const std::int64_t> offsets, const RowFormat& format,
                            kernels::RowsView& view) {
  const std::size_t tasks = offsets.size() - 1;
  std::vector<float> terms(tasks);
  for (std::size_t t = 0; t < tasks; ++t)
    // The divisor is at most 2^31 and computed in double: exact, then rounded once.
    terms[t] = static_cast<float>(
        format.loss.terms(static_cast<double>(offsets[t + 1] - offsets[t]), format.outputs));
  same_sizes_ = std::equal(offsets.begin(), offsets.end(), sizes_.begin(), sizes_.end());
  if (!same_sizes_ || terms != host_terms_) {
    sizes_.clear();  // until all has been sent
    host_terms_ = std::move(terms);
    host_scale_.resize(tasks);
    for (std::size_t t = 0; t < tasks; ++t)
      host_scale_[t] = host_terms_[t] > 0.0f ? 1.0f / host_terms_[t] : 0.0f;
    sent_.first = first_.take(stream, offsets);
    sent_.terms = terms_.take(stream, host_terms_);
    sent_.scale = scale_.take(stream, host_scale_);
    sizes_.assign(offsets.begin(), offsets.end());
  }
  view.first = sent_.first;
  view.terms = sent_.terms;
  view.scale = sent_.scale;
}

kernels::RowsView DeviceRows::take(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                                   std::vector<std::uint8_t>& status) {
  kernels::RowsView view;
  const TaskColumns& columns = format.columns;
  mark_non_finite(set.x, columns.inputs, set.offsets, status);
  view.x = send(stream, x_, pinned_x_, set.x);
  if (format.targets && columns.targets == 0) {
    const std::span<float> labels = pinned_y_.room_for(set.labels.size());
    std::transform(set.labels.begin(), set.labels.end(), labels.begin(),
                   [](std::int64_t label) { return static_cast<float>(label); });
    view.y = y_.take(stream, std::span<const float>(labels));
  } else if (format.targets) {
    mark_non_finite(set.y, columns.targets, set.offsets, status);
    view.y = send(stream, y_, pinned_y_, set.y);
  }
  if (columns.offsets > 0) {
    mark_non_finite(set.output_offset, columns.offsets, set.offsets, status);
    view.offset = send(stream, offset_, pinned_offset_, set.output_offset);
  }
  take_sizes(stream, set.offsets, format, view);
  return view;
}

kernels::RowsView DeviceRows::make_room(Stream& stream, int tasks, int rows, const RowFormat& format) {
  kernels::RowsView view;
  const std::size_t all = static_cast<std::size_t>(tasks) * static_cast<std::size_t>(rows);
  x_address_ = x_.room_for(stream, all * static_cast<std::size_t>(format.columns.inputs));
  y_address_ = y_.room_for(stream, all * static_cast<std::size_t>(format.columns.targets));
  view.x = x_address_;
  view.y = y_address_;
  take_sizes(stream, even_offsets(tasks, rows), format, view);
  return view;
}

void DeviceTasks::order_tasks(Stream& stream, const TaskSet<float>& support, const TaskSet<float>& query,
                              bool same, kernels::TaskArguments& job) {
  if (same && ordered_) {
    job.order = order_.room_for(stream, host_order_.size());
    return;
  }
  ordered_ = false;
  host_order_ = order_by_falling_size(support, query);
  job.order = order_.take(stream, host_order_);
  ordered_ = true;
}

void DeviceTasks::room_for_status(Stream& stream, int entries, kernels::TaskArguments& job) {
  host_status_.resize(host_status_.size() * static_cast<std::size_t>(entries), 0);
  job.status = status_.take(stream, pinned_status_.hold(host_status_));
}

void DeviceTasks::put(Stream& stream, const TaskBatch& tasks, const RowFormat& format,
                      kernels::TaskArguments& job) {
  stream.synchronize("copies from pinned memory");  // which is filled again now
  host_status_.assign(static_cast<std::size_t>(tasks.size()), 0);
  job.tasks = static_cast<int>(tasks.size());
  job.support = support_.take(stream, tasks.support(), format, host_status_);
  job.query = query_.take(stream, tasks.query(), format, host_status_);
  order_tasks(stream, tasks.support(), tasks.query(), support_.same_sizes() && query_.same_sizes(), job);
}

void DeviceTasks::put(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                      kernels::TaskArguments& job) {
  stream.synchronize("copies from pinned memory");  // which is filled again now
  host_status_.assign(set.offsets.size() - 1, 0);
  job.tasks = static_cast<int>(host_status_.size());
  job.query = query_.take(stream, set, format, host_status_);
  std::fill(host_status_.begin(), host_status_.end(), std::uint8_t{0});
  order_tasks(stream, set, set, false, job);
  ordered_ = false;  // the support set has not been looked at
}

void DeviceTasks::make_room(Stream& stream, const kernels::GeneratorFormula& formula, int count,
                            const RowFormat& format, kernels::TaskArguments& job) {
  job.tasks = count;
  job.support = support_.make_room(stream, count, formula.support, format);
  job.query = query_.make_room(stream, count, formula.query, format);
  if (!(support_.same_sizes() && query_.same_sizes() && ordered_)) {
    ordered_ = false;
    host_order_.resize(static_cast<std::size_t>(count));
    std::iota(host_order_.begin(), host_order_.end(), 0);  // all of one size
    job.order = order_.take(stream, host_order_);
    ordered_ = true;
  }
  job.order = order_.room_for(stream, host_order_.size());
  job.status = status_.room_for(stream, static_cast<std::size_t>(count));
}

std::vector<std::int32_t> order_by_falling_size(const TaskSet<float>& support, const TaskSet<float>& query) {
  std::vector<std::int32_t> order(support.offsets.size() - 1);
  std::iota(order.begin(), order.end(), 0);
  const auto rows = [&](std::int32_t t) { return support.rows(t) + query.rows(t); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return rows(a) > rows(b); });
  return order;
}

int most_rows(const TaskSet<float>& set) {
  std::int64_t most = 0;
  for (std::size_t t = 0; t + 1 < set.offsets.size(); ++t)
    most = std::max(most, set.offsets[t + 1] - set.offsets[t]);
  return static_cast<int>(most);
}

}  // namespace shoal::cuda
