// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_tasks.hpp"

#include <algorithm>
#include <cmath>

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

// An address even where there are no values: a graph that was captured with it may be launched for some.
float* put_values(Stream& stream, DeviceArray<float>& to, std::span<const float> values) {
  float* const at = to.room_for(stream, std::max<std::size_t>(values.size(), 1));
  to.take(stream, values);
  return at;
}

}  // namespace

float* DeviceRows::send(Stream& stream, DeviceArray<float>& to, PinnedArray<float>& through,
                        std::span<const float> values) {
  return put_values(stream, to, through.hold(values));
}

void DeviceRows::take_sizes(Stream& stream, std::span<const std::int64_t> offsets, const RowFormat& format) {
  const std::size_t tasks = offsets.size() - 1;
  std::vector<float> terms(tasks);
  for (std::size_t t = 0; t < tasks; ++t)
    // The divisor is at most 2^31 and computed in double: exact, then rounded once.
    terms[t] = static_cast<float>(
        format.loss.terms(static_cast<double>(offsets[t + 1] - offsets[t]), format.outputs));
  if (sizes_sent_ && std::equal(offsets.begin(), offsets.end(), sizes_.begin(), sizes_.end()) &&
      terms == terms_of_sizes_)
    return;
  sizes_sent_ = false;
  ++sizes_version_;
  sizes_.assign(offsets.begin(), offsets.end());
  terms_of_sizes_ = std::move(terms);
  scale_of_sizes_.resize(tasks);
  for (std::size_t t = 0; t < tasks; ++t)
    scale_of_sizes_[t] = terms_of_sizes_[t] > 0.0f ? 1.0f / terms_of_sizes_[t] : 0.0f;
  sent_.first = first_.take(stream, sizes_);
  sent_.terms = terms_.take(stream, terms_of_sizes_);
  sent_.scale = scale_.take(stream, scale_of_sizes_);
  sizes_sent_ = true;
}

kernels::RowsView DeviceRows::take(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                                   std::vector<std::uint8_t>& status) {
  even_ = {};
  take_sizes(stream, set.offsets, format);
  kernels::RowsView view = sent_;
  const TaskColumns& columns = format.columns;
  mark_non_finite(set.x, columns.inputs, set.offsets, status);
  view.x = send(stream, x_, pinned_x_, set.x);
  if (format.targets && columns.targets == 0) {
    const std::span<float> labels = pinned_y_.room_for(set.labels.size());
    std::transform(set.labels.begin(), set.labels.end(), labels.begin(),
                   [](std::int64_t label) { return static_cast<float>(label); });
    view.y = put_values(stream, y_, labels);
  } else if (format.targets) {
    mark_non_finite(set.y, columns.targets, set.offsets, status);
    view.y = send(stream, y_, pinned_y_, set.y);
  }
  if (columns.offsets > 0) {
    mark_non_finite(set.output_offset, columns.offsets, set.offsets, status);
    view.offset = send(stream, offset_, pinned_offset_, set.output_offset);
  }
  return view;
}

kernels::RowsView DeviceRows::view(Stream& stream, const TaskSet<float>& set, const RowFormat& format) {
  even_ = {};
  take_sizes(stream, set.offsets, format);
  kernels::RowsView view = sent_;
  view.x = set.x.data();
  if (format.targets && format.columns.targets == 0)
    view.y = y_address_ = y_.room_for(stream, std::max<std::size_t>(set.labels.size(), 1));
  else if (format.targets)
    view.y = set.y.data();
  if (format.columns.offsets > 0) view.offset = set.output_offset.data();
  return view;
}

kernels::RowsView DeviceRows::make_room(Stream& stream, int tasks, int rows, const RowFormat& format) {
  if (const EvenSizes wanted{tasks, rows, format.outputs, format.loss}; even_ != wanted) {
    even_ = {};
    take_sizes(stream, even_offsets(tasks, rows), format);
    even_ = wanted;
  }
  kernels::RowsView view = sent_;
  const std::size_t all = static_cast<std::size_t>(tasks) * static_cast<std::size_t>(rows);
  x_address_ = x_.room_for(stream, all * static_cast<std::size_t>(format.columns.inputs));
  y_address_ = y_.room_for(stream, all * static_cast<std::size_t>(format.columns.targets));
  view.x = x_address_;
  view.y = y_address_;
  return view;
}

void DeviceTasks::put_status(Stream& stream, std::size_t points, kernels::TaskArguments& job) {
  const std::span<std::uint8_t> room = pinned_status_.room_for(host_status_.size() * points);
  std::fill(std::copy(host_status_.begin(), host_status_.end(), room.begin()), room.end(), std::uint8_t{0});
  job.status = status_.take(stream, std::span<const std::uint8_t>(room));
}

void DeviceTasks::put(Stream& stream, const TaskBatch& tasks, const RowFormat& format, int points,
                      kernels::TaskArguments& job) {
  host_status_.assign(static_cast<std::size_t>(tasks.size()), 0);
  job.tasks = static_cast<int>(tasks.size());
  if (tasks.device()) {
    job.support = support_.view(stream, tasks.support(), format);
    job.query = query_.view(stream, tasks.query(), format);
    job.status = status_.zeroed(stream, host_status_.size() * static_cast<std::size_t>(points));
    checks_.run(stream, tasks, format, job, support_.y(), query_.y(), host_status_);
  } else {
    job.support = support_.take(stream, tasks.support(), format, host_status_);
    job.query = query_.take(stream, tasks.query(), format, host_status_);
    put_status(stream, static_cast<std::size_t>(points), job);
  }
  job.order = order_.of(stream,
                        {.support_first = job.support.first,
                         .query_first = job.query.first,
                         .status = job.status,
                         .tasks = job.tasks},
                        {support_.sizes_version(), query_.sizes_version(), host_status_});
}

void DeviceTasks::put(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                      kernels::TaskArguments& job) {
  host_status_.assign(set.offsets.size() - 1, 0);
  job.tasks = static_cast<int>(host_status_.size());
  job.query = set.device ? query_.view(stream, set, format) : query_.take(stream, set, format, host_status_);
  std::fill(host_status_.begin(), host_status_.end(), std::uint8_t{0});
  put_status(stream, 1, job);
  job.order = order_.of(stream, {.query_first = job.query.first, .status = job.status, .tasks = job.tasks},
                        {0, query_.sizes_version(), host_status_});
}

void DeviceTasks::make_room(Stream& stream, const kernels::GeneratorFormula& formula, int count,
                            const RowFormat& format, kernels::TaskArguments& job) {
  job.tasks = count;
  job.support = support_.make_room(stream, count, formula.support, format);
  job.query = query_.make_room(stream, count, formula.query, format);
  job.order =
      order_.of(stream, {.support_first = job.support.first, .query_first = job.query.first, .tasks = count},
                {support_.sizes_version(), query_.sizes_version(), {}});
  job.status = status_.room_for(stream, static_cast<std::size_t>(count));
}

int most_rows(const TaskSet<float>& set) {
  std::int64_t most = 0;
  for (std::size_t t = 0; t + 1 < set.offsets.size(); ++t)
    most = std::max(most, set.offsets[t + 1] - set.offsets[t]);
  return static_cast<int>(most);
}

}  // namespace shoal::cuda
