// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_tasks.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::cuda {
namespace {

void mark_non_finite(std::span<const float> values, int columns, std::span<const std::int64_t> row_starts,
                     std::vector<std::uint8_t>& status) {
  for (std::size_t t = 0; t < status.size(); ++t) {
    const auto begin = values.begin() + row_starts[t] * columns,
               end = values.begin() + row_starts[t + 1] * columns;
    if (!std::all_of(begin, end, [](float v) { return std::isfinite(v); })) status[t] = 1;
  }
}

std::vector<std::int64_t> even_row_starts(int tasks, int rows) {
  std::vector<std::int64_t> row_starts(static_cast<std::size_t>(tasks) + 1);
  for (std::size_t t = 0; t < row_starts.size(); ++t) row_starts[t] = static_cast<std::int64_t>(t) * rows;
  return row_starts;
}

// Reserves memory even for no values: a graph captured with the address may later be launched for some.
float* upload_values(Stream& stream, DeviceArray<float>& to, std::span<const float> values) {
  float* const at = to.reserve(stream, std::max<std::size_t>(values.size(), 1));
  to.upload(stream, values);
  return at;
}

}  // namespace

float* DeviceRows::send(Stream& stream, DeviceArray<float>& to, PinnedArray<float>& through,
                        std::span<const float> values) {
  return upload_values(stream, to, through.assign(values));
}

void DeviceRows::upload_sizes(Stream& stream, std::span<const std::int64_t> row_starts,
                              const RowFormat& format) {
  const std::size_t tasks = row_starts.size() - 1;
  std::vector<float> terms(tasks);
  for (std::size_t t = 0; t < tasks; ++t)
    // The divisor is at most 2^31 and computed in double, hence exact; it is rounded once.
    terms[t] = static_cast<float>(
        format.loss.terms(static_cast<double>(row_starts[t + 1] - row_starts[t]), format.outputs));
  if (sizes_sent_ && std::equal(row_starts.begin(), row_starts.end(), sizes_.begin(), sizes_.end()) &&
      terms == terms_of_sizes_)
    return;
  sizes_sent_ = false;
  ++sizes_version_;
  sizes_.assign(row_starts.begin(), row_starts.end());
  terms_of_sizes_ = std::move(terms);
  scale_of_sizes_.resize(tasks);
  for (std::size_t t = 0; t < tasks; ++t)
    scale_of_sizes_[t] = terms_of_sizes_[t] > 0.0f ? 1.0f / terms_of_sizes_[t] : 0.0f;
  sent_.first = first_.upload(stream, sizes_);
  sent_.terms = terms_.upload(stream, terms_of_sizes_);
  sent_.scale = scale_.upload(stream, scale_of_sizes_);
  sizes_sent_ = true;
}

kernels::RowsView DeviceRows::upload(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                                     std::vector<std::uint8_t>& status) {
  even_ = {};
  upload_sizes(stream, set.row_starts, format);
  kernels::RowsView view = sent_;
  const TaskColumns& columns = format.columns;
  mark_non_finite(set.x, columns.inputs, set.row_starts, status);
  view.x = send(stream, x_, pinned_x_, set.x);
  if (format.targets && columns.targets == 0) {
    const std::span<float> labels = pinned_y_.reserve(set.labels.size());
    std::transform(set.labels.begin(), set.labels.end(), labels.begin(),
                   [](std::int64_t label) { return static_cast<float>(label); });
    view.y = upload_values(stream, y_, labels);
  } else if (format.targets) {
    mark_non_finite(set.y, columns.targets, set.row_starts, status);
    view.y = send(stream, y_, pinned_y_, set.y);
  }
  if (columns.offsets > 0) {
    mark_non_finite(set.output_offset, columns.offsets, set.row_starts, status);
    view.offset = send(stream, offset_, pinned_offset_, set.output_offset);
  }
  return view;
}

kernels::RowsView DeviceRows::view(Stream& stream, const TaskSet<float>& set, const RowFormat& format) {
  even_ = {};
  upload_sizes(stream, set.row_starts, format);
  kernels::RowsView view = sent_;
  view.x = set.x.data();
  if (format.targets && format.columns.targets == 0)
    view.y = y_address_ = y_.reserve(stream, std::max<std::size_t>(set.labels.size(), 1));
  else if (format.targets)
    view.y = set.y.data();
  if (format.columns.offsets > 0) view.offset = set.output_offset.data();
  return view;
}

kernels::RowsView DeviceRows::reserve(Stream& stream, int tasks, int rows, const RowFormat& format) {
  if (const EvenSizes wanted{tasks, rows, format.outputs, format.loss}; even_ != wanted) {
    even_ = {};
    upload_sizes(stream, even_row_starts(tasks, rows), format);
    even_ = wanted;
  }
  kernels::RowsView view = sent_;
  const std::size_t all = static_cast<std::size_t>(tasks) * static_cast<std::size_t>(rows);
  x_address_ = x_.reserve(stream, all * static_cast<std::size_t>(format.columns.inputs));
  y_address_ = y_.reserve(stream, all * static_cast<std::size_t>(format.columns.targets));
  view.x = x_address_;
  view.y = y_address_;
  return view;
}

void DeviceTasks::upload_status(Stream& stream, std::size_t points, kernels::TaskArguments& job) {
  const std::span<std::uint8_t> room = pinned_status_.reserve(host_status_.size() * points);
  std::fill(std::copy(host_status_.begin(), host_status_.end(), room.begin()), room.end(), std::uint8_t{0});
  job.status = status_.upload(stream, std::span<const std::uint8_t>(room));
}

void DeviceTasks::upload(Stream& stream, const TaskBatch& tasks, const RowFormat& format, int points,
                         kernels::TaskArguments& job) {
  host_status_.assign(static_cast<std::size_t>(tasks.size()), 0);
  job.tasks = static_cast<int>(tasks.size());
  if (tasks.device()) {
    job.support = support_.view(stream, tasks.support(), format);
    job.query = query_.view(stream, tasks.query(), format);
    job.status = status_.reserve_zeroed(stream, host_status_.size() * static_cast<std::size_t>(points));
    checks_.run(stream, tasks, format, job, support_.y(), query_.y(), host_status_);
  } else {
    job.support = support_.upload(stream, tasks.support(), format, host_status_);
    job.query = query_.upload(stream, tasks.query(), format, host_status_);
    upload_status(stream, static_cast<std::size_t>(points), job);
  }
  job.order = order_.of(stream,
                        {.support_first = job.support.first,
                         .query_first = job.query.first,
                         .status = job.status,
                         .tasks = job.tasks},
                        {support_.sizes_version(), query_.sizes_version(), host_status_});
}

void DeviceTasks::upload(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                         kernels::TaskArguments& job) {
  host_status_.assign(set.row_starts.size() - 1, 0);
  job.tasks = static_cast<int>(host_status_.size());
  job.query =
      set.device ? query_.view(stream, set, format) : query_.upload(stream, set, format, host_status_);
  std::fill(host_status_.begin(), host_status_.end(), std::uint8_t{0});
  upload_status(stream, 1, job);
  job.order = order_.of(stream, {.query_first = job.query.first, .status = job.status, .tasks = job.tasks},
                        {0, query_.sizes_version(), host_status_});
}

void DeviceTasks::reserve(Stream& stream, const kernels::GeneratorFormula& formula, int count,
                          const RowFormat& format, kernels::TaskArguments& job) {
  job.tasks = count;
  job.support = support_.reserve(stream, count, formula.support, format);
  job.query = query_.reserve(stream, count, formula.query, format);
  job.order =
      order_.of(stream, {.support_first = job.support.first, .query_first = job.query.first, .tasks = count},
                {support_.sizes_version(), query_.sizes_version(), {}});
  job.status = status_.reserve(stream, static_cast<std::size_t>(count));
}

int most_rows(const TaskSet<float>& set) {
  std::int64_t most = 0;
  for (std::size_t t = 0; t + 1 < set.row_starts.size(); ++t)
    most = std::max(most, set.row_starts[t + 1] - set.row_starts[t]);
  return static_cast<int>(most);
}

}  // namespace shoal::cuda
