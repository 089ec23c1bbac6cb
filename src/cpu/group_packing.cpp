// SPDX-License-Identifier: Apache-2.0
#include "cpu/group_packing.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shoal::cpu {
namespace {

// One lane's matrix [rows, columns] into interleaved memory of `group_rows` rows. Returns whether all is
// finite.
template <class T>
bool pack_matrix(std::span<const T> values, std::int64_t first_row, int rows, int columns, int group_rows,
                 int width, int lane, float* to) {
  const T* from = values.data() + first_row * columns;
  const std::int64_t count = std::int64_t{rows} * columns, padded = std::int64_t{group_rows} * columns;
  bool finite = true;
  for (std::int64_t e = 0; e < count; ++e) {
    const auto value = static_cast<float>(from[e]);
    finite = finite && std::isfinite(value);
    to[e * width + lane] = value;
  }
  for (std::int64_t e = count; e < padded; ++e) to[e * width + lane] = 0.0f;
  return finite;
}

}  // namespace

std::vector<std::int64_t> order_by_size(const TaskSet<float>& support, const TaskSet<float>& query) {
  std::vector<std::int64_t> order(support.offsets.size() - 1);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto smaller = [&](std::int64_t a, std::int64_t b) {
    return std::pair(support.rows(a), query.rows(a)) < std::pair(support.rows(b), query.rows(b));
  };
  if (!std::is_sorted(order.begin(), order.end(), smaller))
    std::stable_sort(order.begin(), order.end(), smaller);
  return order;
}

GroupRows PackedRows::pack(const TaskSet<float>& set, const TaskColumns& columns, const Loss& loss,
                           int outputs, std::span<const std::int64_t> tasks, int width, std::uint8_t* bad) {
  GroupRows packed;
  packed.common_rows = static_cast<int>(set.rows(tasks[0]));
  for (std::size_t w = 0; w < tasks.size(); ++w) {
    const int rows = static_cast<int>(set.rows(tasks[w]));
    packed.lane_rows[w] = rows;
    packed.rows = std::max(packed.rows, rows);
    packed.common_rows = std::min(packed.common_rows, rows);
    // The divisor is at most 2^31 and computed in double: exact, then rounded once.
    const double terms = loss.terms(rows, outputs);
    packed.terms[w] = static_cast<float>(terms);
    packed.scale[w] = terms > 0.0 ? 1.0f / packed.terms[w] : 0.0f;
  }
  if (tasks.size() < static_cast<std::size_t>(width))
    packed.common_rows = 0;  // lanes without a task have no rows

  const int targets = columns.targets == 0 ? 1 : columns.targets;
  const auto vectors = [&](int values) {
    return static_cast<std::size_t>(packed.rows) * static_cast<std::size_t>(values) *
           static_cast<std::size_t>(width);
  };
  float* x = x_.room_for(vectors(columns.inputs));
  float* y = y_.room_for(vectors(targets));
  float* offset = columns.offsets > 0 ? offset_.room_for(vectors(columns.offsets)) : nullptr;
  for (int w = 0; w < width; ++w) {
    const bool has_task = static_cast<std::size_t>(w) < tasks.size();
    const std::int64_t first =
        has_task ? set.offsets[static_cast<std::size_t>(tasks[static_cast<std::size_t>(w)])] : 0;
    const int rows = packed.lane_rows[w];
    bool finite = pack_matrix(set.x, first, rows, columns.inputs, packed.rows, width, w, x);
    if (columns.targets == 0)
      pack_matrix(set.labels, first, rows, 1, packed.rows, width, w, y);
    else
      finite = pack_matrix(set.y, first, rows, columns.targets, packed.rows, width, w, y) && finite;
    if (offset)
      finite = pack_matrix(set.output_offset, first, rows, columns.offsets, packed.rows, width, w, offset) &&
               finite;
    if (!finite) bad[w] = 1;
  }
  packed.x = x;
  packed.y = y;
  packed.offset = offset;
  return packed;
}

void unpack_lane(const float* from, std::size_t size, int width, int lane, float* to) {
  for (std::size_t e = 0; e < size; ++e)
    to[e] = from[e * static_cast<std::size_t>(width) + static_cast<std::size_t>(lane)];
}

void pack_lane(const float* from, std::size_t size, int width, int lane, float* to) {
  for (std::size_t e = 0; e < size; ++e)
    to[e * static_cast<std::size_t>(width) + static_cast<std::size_t>(lane)] = from[e];
}

}  // namespace shoal::cpu
