// SPDX-License-Identifier: Apache-2.0
// TaskBatch: many tasks of different sizes, without padding. The rows of all tasks stand one after another;
// row_starts says where each task begins. A batch borrows the caller's memory or owns its own.
//
// Rows may be in the memory of a CUDA device (docs/cuda.md), while row_starts and ids are in host memory. A
// context of the cuda backend on that device reads such rows in place, in the order of its stream. Functions
// that would read them on the host throw InvalidArgument.
//
// Example:
//
//   const std::vector<float> x = {0, 1, 2, 3, 4, 5}, y = {0, 1, 4, 9, 16, 25};  // two tasks
//   const std::vector<std::int64_t> row_starts = {0, 3, 6}, ids = {1, 2};
//   const shoal::TaskSet<float> rows = {.x = x, .y = y, .row_starts = row_starts};
//   const auto batch = shoal::TaskBatch::borrow({.inputs = 1, .targets = 1}, rows, rows, ids);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shoal {

/// The columns of a batch; support and query of all tasks have the same.
struct TaskColumns {
  int inputs = 1;   ///< number of input columns
  int targets = 1;  ///< number of target columns; 0 when the targets are class labels
  int offsets = 0;  ///< columns of the output offset: 0 without one, else the number of network outputs

  bool operator==(const TaskColumns&) const = default;
};

/// One side (support or query) of every task. Views are row-major. Task t has the rows row_starts[t] ..
/// row_starts[t + 1] - 1.
template <class Real>
struct TaskSet {
  std::span<const Real> x = {};                   ///< [rows, inputs]
  std::span<const Real> y = {};                   ///< [rows, targets]; empty when the targets are labels
  std::span<const std::int64_t> labels = {};      ///< [rows], each >= 0; only when targets == 0
  std::span<const Real> output_offset = {};       ///< [rows, offsets]; added to the network output
  std::span<const std::int64_t> row_starts = {};  ///< [tasks + 1], always in host memory
  /// The CUDA device whose memory holds x, y, labels and output_offset; without a value, host memory.
  std::optional<int> device = {};

  std::int64_t rows(std::int64_t task) const { return row_starts[task + 1] - row_starts[task]; }
  std::int64_t total_rows() const { return row_starts.empty() ? 0 : row_starts.back(); }
};

/// The memory of one side, for a batch that owns its rows.
template <class Real>
struct TaskSetStorage {
  std::vector<Real> x, y, output_offset;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> row_starts = {0};

  TaskSet<Real> view() const { return {x, y, labels, output_offset, row_starts, {}}; }
};

/// A batch of tasks whose structure has been checked, so that other code need not check it again.
template <class Real>
class BasicTaskBatch {
 public:
  /// Whether a task may be in a batch more than once: only where tasks are drawn with replacement.
  enum class Repeats { refused, allowed };

  BasicTaskBatch() = default;
  /// Makes a batch that views the caller's memory, and checks its structure. Throws DataError, naming set,
  /// task and row, for row_starts that do not begin at 0, decrease or do not end at the number of rows, a
  /// task of more than 2^31 - 1 rows, columns that differ, duplicate ids, negative labels, no tasks, and
  /// sides in the memory of different devices. Numbers that are not finite are allowed: they give a task its
  /// status. Labels in device memory are checked by the backend, in the call that uses them.
  ///
  /// The batch, its copies and sources made of it keep `owner` alive, where it is given; without an owner,
  /// the caller's memory must outlive them all. Selections and other batches made of its rows have memory of
  /// their own.
  static BasicTaskBatch borrow(TaskColumns columns, TaskSet<Real> support, TaskSet<Real> query,
                               std::span<const std::int64_t> ids, std::shared_ptr<const void> owner = nullptr,
                               Repeats repeats = Repeats::refused);
  /// Makes a batch that owns its rows. Checks them as borrow does.
  static BasicTaskBatch own(TaskColumns columns, TaskSetStorage<Real> support, TaskSetStorage<Real> query,
                            std::vector<std::int64_t> ids, Repeats repeats = Repeats::refused);

  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }
  const TaskColumns& columns() const { return columns_; }
  const TaskSet<Real>& support() const { return support_; }
  const TaskSet<Real>& query() const { return query_; }
  std::span<const std::int64_t> ids() const { return ids_; }
  /// The device whose memory holds the rows; without a value, host memory.
  std::optional<int> device() const { return support_.total_rows() > 0 ? support_.device : query_.device; }

  // The following functions read rows on the host. They throw InvalidArgument for rows in device memory.

  /// A batch of the tasks at these indices, in that order, with memory of its own.
  BasicTaskBatch select(std::span<const std::int64_t> tasks, Repeats repeats = Repeats::refused) const;
  /// A batch whose query sets are support and query rows together, and whose support sets are empty: what
  /// `pooled` trains on.
  BasicTaskBatch joined() const;
  /// Throws DataError, naming set, task and row, for the first label that is none of 0 .. classes - 1.
  void require_labels_below(int classes) const;
  /// Throws InvalidArgument for rows in device memory. The message says that `reader` would read them on the
  /// host.
  void require_on_host(const std::string& reader) const;

  /// Throws DataError, naming the first task without query rows. Reads host memory only.
  void require_query() const;

 private:
  TaskColumns columns_;
  TaskSet<Real> support_, query_;
  std::span<const std::int64_t> ids_;
  std::shared_ptr<const void> owner_;  ///< keeps the memory of the views alive; null = the caller does
};

using TaskBatch = BasicTaskBatch<float>;
using TaskBatch64 = BasicTaskBatch<double>;

extern template class BasicTaskBatch<float>;
extern template class BasicTaskBatch<double>;

/// Conversion to double is exact; conversion to float rounds to nearest.
TaskBatch64 widen(const TaskBatch& batch);
TaskBatch narrow(const TaskBatch64& batch);

}  // namespace shoal
