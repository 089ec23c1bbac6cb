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

}  // namespace

kernels::RowsView DeviceRows::take(Stream& stream, const TaskSet<float>& set, const TaskColumns& columns,
                                   const Loss& loss, int outputs, bool targets,
                                   std::vector<std::uint8_t>& status) {
  kernels::RowsView view;
  const std::size_t tasks = status.size();
  mark_non_finite(set.x, columns.inputs, set.offsets, status);
  view.x = x_.take(stream, set.x);
  if (targets && columns.targets == 0) {
    labels_.assign(set.labels.begin(), set.labels.end());
    view.y = y_.take(stream, labels_);
  } else if (targets) {
    mark_non_finite(set.y, columns.targets, set.offsets, status);
    view.y = y_.take(stream, set.y);
  }
  if (columns.offsets > 0) {
    mark_non_finite(set.output_offset, columns.offsets, set.offsets, status);
    view.offset = offset_.take(stream, set.output_offset);
  }
  view.first = first_.take(stream, set.offsets);
  host_terms_.resize(tasks);
  host_scale_.resize(tasks);
  for (std::size_t t = 0; t < tasks; ++t) {
    // The divisor is at most 2^31 and computed in double: exact, then rounded once.
    const double terms = loss.terms(static_cast<double>(set.offsets[t + 1] - set.offsets[t]), outputs);
    host_terms_[t] = static_cast<float>(terms);
    host_scale_[t] = terms > 0.0 ? 1.0f / host_terms_[t] : 0.0f;
  }
  view.terms = terms_.take(stream, host_terms_);
  view.scale = scale_.take(stream, host_scale_);
  return view;
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
