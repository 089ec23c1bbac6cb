// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/side.hpp"

#include <algorithm>

namespace shoal::cuda {
namespace {

template <class T>
T* shifted(T* at, std::int64_t by) {
  return at ? at + by : nullptr;
}

}  // namespace

LayeredSide side_of(const LayeredRows& all, const kernels::Network& net, LayeredSpan span) {
  LayeredSide side;
  if (all.row_starts.empty()) return side;
  const auto first_row = [&](int task) { return all.row_starts[static_cast<std::size_t>(task)]; };
  const std::int64_t row = first_row(span.begin);
  side.rows = {.first = all.rows.first + span.begin,
               .x = all.rows.x + row * net.inputs,
               .y = shifted(all.rows.y, row * net.targets),
               .offset = shifted(all.rows.offset, row * net.outputs),
               .terms = shifted(all.rows.terms, span.begin),
               .scale = shifted(all.rows.scale, span.begin)};
  side.total_rows = first_row(span.end) - row;
  for (int t = span.begin; t < span.end; ++t)
    side.largest_task_rows =
        std::max(side.largest_task_rows, static_cast<int>(first_row(t + 1) - first_row(t)));
  // If tasks have on average as many rows as the largest one, all have equally many.
  if (std::int64_t{side.largest_task_rows} * (span.end - span.begin) == side.total_rows)
    side.equal_rows = side.largest_task_rows;
  return side;
}

}  // namespace shoal::cuda
