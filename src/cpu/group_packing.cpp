// SPDX-License-Identifier: Apache-2.0
#include "cpu/group_packing.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {
namespace {

// Layout of the matrices of a group: element e of row r of task w is at (r * pitch + e) * step + w.
struct Packing {
  int tasks, step;
  bool units;
  int width;
  int pitch(int columns) const { return units ? row_stride(columns, width) * width : columns; }
};

/// The largest magnitude of the values of a task, as a bit pattern; NaN counts as larger than infinity.
class Magnitude {
 public:
  void see(float value) { image_ = std::max(image_, std::bit_cast<std::uint32_t>(value) & 0x7fffffffu); }
  bool finite() const { return image_ < 0x7f800000u; }
  float value() const { return std::bit_cast<float>(image_); }

 private:
  std::uint32_t image_ = 0;
};

// Packs the matrix [rows, columns] of one task, followed by zeros up to `group_rows` rows.
template <class T>
Magnitude pack_matrix(std::span<const T> values, std::int64_t first_row, int rows, int columns,
                      int group_rows, const Packing& packing, int task, float* to) {
  const T* from = values.data() + first_row * columns;
  const int pitch = packing.pitch(columns);
  Magnitude seen;
  for (std::int64_t r = 0; r < group_rows; ++r) {
    float* row = to + r * pitch * packing.step + task;
    const int filled = r < rows ? columns : 0;
    for (std::int64_t e = 0; e < filled; ++e) {
      const auto value = static_cast<float>(from[r * columns + e]);
      seen.see(value);
      row[e * packing.step] = value;
    }
    for (std::int64_t e = filled; e < pitch; ++e) row[e * packing.step] = 0.0f;
  }
  return seen;
}

/// Packs this matrix of all tasks of a group; seen[w] becomes the magnitude of task w.
void pack_matrices(std::span<const float> values, const TaskSet<float>& set, int columns,
                   std::span<const std::int64_t> tasks, const GroupRows& packed, const GroupKernels& kernels,
                   const Packing& packing, float* to, Magnitude* seen) {
  const auto first = [&](std::size_t w) { return set.row_starts[static_cast<std::size_t>(tasks[w])]; };
  const bool lanes_are_full =
      tasks.size() == static_cast<std::size_t>(kernels.tasks) && packed.common_rows == packed.rows;
  if (kernels.interleave && lanes_are_full) {
    const float* from[max_lanes] = {};
    for (std::size_t w = 0; w < tasks.size(); ++w) from[w] = values.data() + first(w) * columns;
    LaneExtremes lanes;
    kernels.interleave(from, std::ptrdiff_t{packed.rows} * columns, to, lanes);
    for (std::size_t w = 0; w < tasks.size(); ++w) {
      seen[w].see(lanes.largest[w]);
      if (!lanes.finite[w]) seen[w].see(std::numeric_limits<float>::quiet_NaN());
    }
    return;
  }
  for (std::size_t w = 0; w < static_cast<std::size_t>(kernels.tasks); ++w)
    seen[w] = pack_matrix(values, w < tasks.size() ? first(w) : 0, packed.lane_rows[w], columns, packed.rows,
                          packing, static_cast<int>(w), to);
}

Packing packing_of(const GroupKernels& kernels) {
  const bool units = kernels.layout == LaneLayout::units;
  return {kernels.tasks, units ? 1 : kernels.width, units, kernels.width};
}

/// Number of columns of y; class labels have one.
int columns_of_y(const TaskColumns& columns) {
  return columns.targets == 0 ? 1 : columns.targets;
}

/// The magnitude of the rows of a task, read from the set.
Magnitude magnitude_of(std::span<const float> values, int columns, const TaskSet<float>& set,
                       std::int64_t task) {
  Magnitude seen;
  const std::int64_t first = set.row_starts[static_cast<std::size_t>(task)] * columns;
  for (const float value :
       values.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(set.rows(task) * columns)))
    seen.see(value);
  return seen;
}

}  // namespace

std::vector<std::int64_t> order_by_size(const TaskSet<float>& support, const TaskSet<float>& query) {
  std::vector<std::int64_t> order(support.row_starts.size() - 1);
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
                           std::size_t most_bytes, std::uint8_t* bad) {
  const Packing packing = packing_of(kernels);
  GroupRows packed;
  packed.common_rows = static_cast<int>(set.rows(tasks[0]));
  for (std::size_t w = 0; w < tasks.size(); ++w) {
    const int rows = static_cast<int>(set.rows(tasks[w]));
    packed.lane_rows[w] = rows;
    packed.rows = std::max(packed.rows, rows);
    packed.common_rows = std::min(packed.common_rows, rows);
    // The divisor is at most 2^31 and computed in double, hence exact; it is rounded once.
    const double terms = loss.terms(rows, outputs);
    packed.terms[w] = static_cast<float>(terms);
    packed.scale[w] = terms > 0.0 ? 1.0f / packed.terms[w] : 0.0f;
  }
  // Lanes without a task have no rows, and nobody reads their results: they do not limit common_rows.

  const int targets = columns_of_y(columns);
  const auto floats = [&](int columns_of_set) {
    return static_cast<std::size_t>(packed.rows) * static_cast<std::size_t>(packing.pitch(columns_of_set)) *
           static_cast<std::size_t>(packing.step);
  };
  const std::size_t bytes =
      sizeof(float) * (floats(columns.inputs) + floats(targets) + floats(columns.offsets));
  Magnitude of_x[max_lanes], of_y[max_lanes], of_offset[max_lanes];
  if (bytes > most_bytes) {
    set_ = set;
    columns_ = columns;
    tasks_ = tasks;
    kernels_ = &kernels;
    for (std::size_t w = 0; w < tasks.size(); ++w) {
      of_x[w] = magnitude_of(set.x, columns.inputs, set, tasks[w]);
      of_y[w] = magnitude_of(set.y, columns.targets, set, tasks[w]);
      of_offset[w] = magnitude_of(set.output_offset, columns.offsets, set, tasks[w]);
    }
    packed.packer = this;
    packed.pack_block = [](void* packer, int first, int count) {
      return static_cast<PackedRows*>(packer)->block(first, count);
    };
  } else {
    float* x = x_.reserve(floats(columns.inputs));
    float* y = y_.reserve(floats(targets));
    float* offset = columns.offsets > 0 ? offset_.reserve(floats(columns.offsets)) : nullptr;
    pack_matrices(set.x, set, columns.inputs, tasks, packed, kernels, packing, x, of_x);
    if (columns.targets > 0)
      pack_matrices(set.y, set, columns.targets, tasks, packed, kernels, packing, y, of_y);
    else
      for (std::size_t w = 0; w < static_cast<std::size_t>(kernels.tasks); ++w)
        pack_matrix(set.labels, w < tasks.size() ? set.row_starts[static_cast<std::size_t>(tasks[w])] : 0,
                    packed.lane_rows[w], 1, packed.rows, packing, static_cast<int>(w), y);
    if (offset)
      pack_matrices(set.output_offset, set, columns.offsets, tasks, packed, kernels, packing, offset,
                    of_offset);
    packed.x = x;
    packed.y = y;
    packed.offset = offset;
  }
  for (std::size_t w = 0; w < tasks.size(); ++w) {
    if (!of_x[w].finite() || !of_y[w].finite() || !of_offset[w].finite()) {
      bad[w] = 1;  // the values of a bad task do not count for the others
      continue;
    }
    packed.largest.x = std::max(packed.largest.x, of_x[w].value());
    packed.largest.y = std::max(packed.largest.y, of_y[w].value());
    packed.largest.offset = std::max(packed.largest.offset, of_offset[w].value());
  }
  return packed;
}

PackedBlock PackedRows::block(int first, int count) {
  const Packing packing = packing_of(*kernels_);
  const auto pack = [&](auto values, int columns, AlignedFloats& memory) {
    float* to =
        memory.reserve(static_cast<std::size_t>(count) * static_cast<std::size_t>(packing.pitch(columns)) *
                       static_cast<std::size_t>(packing.step));
    for (std::size_t w = 0; w < static_cast<std::size_t>(kernels_->tasks); ++w) {
      const std::int64_t rows =
          w < tasks_.size() ? std::clamp<std::int64_t>(set_.rows(tasks_[w]) - first, 0, count) : 0;
      const std::int64_t begin =
          rows > 0 ? set_.row_starts[static_cast<std::size_t>(tasks_[w])] + first : std::int64_t{0};
      pack_matrix(values, begin, static_cast<int>(rows), columns, count, packing, static_cast<int>(w), to);
    }
    return to;
  };
  const float* x = pack(set_.x, columns_.inputs, x_);
  const float* y = columns_.targets == 0 ? pack(set_.labels, 1, y_) : pack(set_.y, columns_.targets, y_);
  return {x, y, columns_.offsets > 0 ? pack(set_.output_offset, columns_.offsets, offset_) : nullptr};
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
