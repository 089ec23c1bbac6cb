// SPDX-License-Identifier: Apache-2.0
#include "cpu/group_packing.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {
namespace {

// How the matrices of a group lie: element e of row r of task w at (r * pitch + e) * step + w.
struct Packing {
  int tasks, step;
  bool units;
  int width;
  int pitch(int columns) const { return units ? row_stride(columns, width) * width : columns; }
};

// The image of the largest magnitude so far; NaN counts as larger than infinity.
void see(float value, std::uint32_t& largest) {
  largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & 0x7fffffffu);
}
constexpr std::uint32_t image_of_infinity = 0x7f800000u;

// One task's matrix [rows, columns], followed by zeros up to `group_rows` rows. Returns the image of the
// largest magnitude.
template <class T>
std::uint32_t pack_matrix(std::span<const T> values, std::int64_t first_row, int rows, int columns,
                          int group_rows, const Packing& packing, int task, float* to) {
  const T* from = values.data() + first_row * columns;
  const int pitch = packing.pitch(columns);
  std::uint32_t largest = 0;
  for (std::int64_t r = 0; r < group_rows; ++r) {
    float* row = to + r * pitch * packing.step + task;
    const int filled = r < rows ? columns : 0;
    for (std::int64_t e = 0; e < filled; ++e) {
      const auto value = static_cast<float>(from[r * columns + e]);
      see(value, largest);
      row[e * packing.step] = value;
    }
    for (std::int64_t e = filled; e < pitch; ++e) row[e * packing.step] = 0.0f;
  }
  return largest;
}

}  // namespace

std::vector<std::int64_t> order_by_size(const TaskSet<float>& support, const TaskSet<float>& query) {
  std::vector<std::int64_t> order(support.offsets.size() - 1);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto larger = [&](std::int64_t a, std::int64_t b) {
    return std::pair(support.rows(a), query.rows(a)) > std::pair(support.rows(b), query.rows(b));
  };
  if (!std::is_sorted(order.begin(), order.end(), larger))
    std::stable_sort(order.begin(), order.end(), larger);
  return order;
}

GroupRows PackedRows::pack(const TaskSet<float>& set, const TaskColumns& columns, const Loss& loss,
                           int outputs, std::span<const std::int64_t> tasks, const GroupKernels& kernels,
                           std::uint8_t* bad) {
  const bool units = kernels.layout == LaneLayout::units;
  const Packing packing{kernels.tasks, units ? 1 : kernels.width, units, kernels.width};
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
  // Lanes without a task have no rows and no results: rows that the tasks share need no mask for them.

  const int targets = columns.targets == 0 ? 1 : columns.targets;
  const auto floats = [&](int columns_of_set) {
    return static_cast<std::size_t>(packed.rows) * static_cast<std::size_t>(packing.pitch(columns_of_set)) *
           static_cast<std::size_t>(packing.step);
  };
  float* x = x_.room_for(floats(columns.inputs));
  float* y = y_.room_for(floats(targets));
  float* offset = columns.offsets > 0 ? offset_.room_for(floats(columns.offsets)) : nullptr;
  std::uint32_t largest_x = 0, largest_y = 0, largest_offset = 0;
  for (int w = 0; w < kernels.tasks; ++w) {
    const bool has_task = static_cast<std::size_t>(w) < tasks.size();
    const std::int64_t first =
        has_task ? set.offsets[static_cast<std::size_t>(tasks[static_cast<std::size_t>(w)])] : 0;
    const int rows = packed.lane_rows[w];
    const std::uint32_t of_x = pack_matrix(set.x, first, rows, columns.inputs, packed.rows, packing, w, x);
    std::uint32_t of_y = 0, of_offset = 0;
    if (columns.targets == 0)
      pack_matrix(set.labels, first, rows, 1, packed.rows, packing, w, y);
    else
      of_y = pack_matrix(set.y, first, rows, columns.targets, packed.rows, packing, w, y);
    if (offset)
      of_offset =
          pack_matrix(set.output_offset, first, rows, columns.offsets, packed.rows, packing, w, offset);
    if (std::max({of_x, of_y, of_offset}) >= image_of_infinity) {
      bad[w] = 1;  // its values say nothing about the others
      continue;
    }
    see(std::bit_cast<float>(of_x), largest_x);
    see(std::bit_cast<float>(of_y), largest_y);
    see(std::bit_cast<float>(of_offset), largest_offset);
  }
  packed.largest = {std::bit_cast<float>(largest_x), std::bit_cast<float>(largest_y),
                    std::bit_cast<float>(largest_offset)};
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
