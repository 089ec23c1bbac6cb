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
  const auto offset = [&](int task) { return all.row_starts[static_cast<std::size_t>(task)]; };
  const std::int64_t row = offset(span.begin);
  side.rows = {.first = all.rows.first + span.begin,
               .x = all.rows.x + row * net.inputs,
               .y = shifted(all.rows.y, row * net.targets),
               .offset = shifted(all.rows.offset, row * net.outputs),
               .terms = shifted(all.rows.terms, span.begin),
               .scale = shifted(all.rows.scale, span.begin)};
  side.all_rows = offset(span.end) - row;
  for (int t = span.begin; t < span.end; ++t)
    side.most_rows = std::max(side.most_rows, static_cast<int>(offset(t + 1) - offset(t)));
  // If tasks have on average as many rows as the largest one, all have equally many.
  if (std::int64_t{side.most_rows} * (span.end - span.begin) == side.all_rows)
    side.equal_rows = side.most_rows;
  return side;
}

}  // namespace shoal::cuda
