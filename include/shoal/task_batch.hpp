// SPDX-License-Identifier: Apache-2.0
// TaskBatch: many tasks of different sizes, without padding. Rows of all tasks lie one after another; offsets
// say where each task begins. A batch borrows the caller's memory or owns its own; views own nothing.
//
// Rows may be in the memory of a CUDA device (docs/cuda.md). Then their sizes and the ids are still in host
// memory, a context of backend cuda on that device reads the rows where they are, in the order of its stream,
// and whatever would read them on the host refuses:
//
//   const shoal::TaskSet<float> support{.x = {device_x, rows * inputs}, .y = {device_y, rows},
//                                       .row_starts = offsets, .device = 0};
//   const auto tasks = shoal::TaskBatch::borrow({.inputs = inputs}, support, query, ids);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shoal {

/// Columns of a batch, the same for every task and for support and query.
struct TaskColumns {
  int inputs = 1;   ///< d_in
  int targets = 1;  ///< d_out target columns; 0 when the targets are class labels
  int offsets = 0;  ///< columns of the optional output offset: 0, or the number of network outputs

  bool operator==(const TaskColumns&) const = default;
};

/// One side (support or query) of every task: row-major views, rows of task t are row_starts[t] ..
/// row_starts[t + 1].
template <class Real>
struct TaskSet {
  std::span<const Real> x = {};                   ///< [rows, inputs]
  std::span<const Real> y = {};                   ///< [rows, targets]; empty with labels
  std::span<const std::int64_t> labels = {};      ///< [rows]; only when targets == 0
  std::span<const Real> output_offset = {};       ///< [rows, offsets]; added to the network output
  std::span<const std::int64_t> row_starts = {};  ///< [tasks + 1], in host memory always
  /// The CUDA device in whose memory x, y, labels and output_offset are; nothing: host memory.
  std::optional<int> device = {};

  std::int64_t rows(std::int64_t task) const { return row_starts[task + 1] - row_starts[task]; }
  std::int64_t total_rows() const { return row_starts.empty() ? 0 : row_starts.back(); }
};

/// The memory behind a TaskSet when the batch owns it.
template <class Real>
struct TaskSetStorage {
  std::vector<Real> x, y, output_offset;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> row_starts = {0};

  TaskSet<Real> view() const { return {x, y, labels, output_offset, row_starts, {}}; }
};

/// What every structural check of a batch covers; see BasicTaskBatch.
template <class Real>
class BasicTaskBatch {
 public:
  BasicTaskBatch() = default;
  /// Checks the structure once. Throws DataError naming set, task and row: offsets that do not start at 0,
  /// fall or do not end at the number of rows, a task of more than 2^31 - 1 rows, columns that differ,
  /// duplicate ids, negative labels, no tasks, sides in the memory of different devices. Non-finite values
  /// are not structure: they become a task's status. Labels in device memory are not looked at here: the
  /// backend does, in the call that computes with them.
  /// The batch, its copies and the sources made of it keep `owner`, where it is given; without one the
  /// caller's memory must outlive them all. Selections and other batches made of its rows own theirs.
  static BasicTaskBatch borrow(TaskColumns columns, TaskSet<Real> support, TaskSet<Real> query,
                               std::span<const std::int64_t> ids,
                               std::shared_ptr<const void> owner = nullptr);
  static BasicTaskBatch own(TaskColumns columns, TaskSetStorage<Real> support, TaskSetStorage<Real> query,
                            std::vector<std::int64_t> ids);

  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }
  const TaskColumns& columns() const { return columns_; }
  const TaskSet<Real>& support() const { return support_; }
  const TaskSet<Real>& query() const { return query_; }
  std::span<const std::int64_t> ids() const { return ids_; }
  /// The device in whose memory the rows are; nothing: host memory.
  std::optional<int> device() const { return support_.total_rows() > 0 ? support_.device : query_.device; }

  // The following read rows on the host. They throw InvalidArgument for rows in device memory.

  /// A batch of the given tasks, in that order (owned copy).
  BasicTaskBatch select(std::span<const std::int64_t> tasks) const;
  /// Support and query rows together as the query set, nothing to adapt on (what `pooled` trains on).
  BasicTaskBatch joined() const;
  /// Throws DataError naming set, task and row of the first label >= classes.
  void require_labels_below(int classes) const;
  /// Throws InvalidArgument for rows in device memory, naming `reader`, which would read them on the host.
  void require_on_host(const std::string& reader) const;

  /// Throws DataError naming the first task with an empty query set; sizes are in host memory always.
  void require_query() const;

 private:
  TaskColumns columns_;
  TaskSet<Real> support_, query_;
  std::span<const std::int64_t> ids_;
  std::shared_ptr<const void> owner_;  ///< of the memory behind the views; null: the caller
};

using TaskBatch = BasicTaskBatch<float>;
using TaskBatch64 = BasicTaskBatch<double>;

extern template class BasicTaskBatch<float>;
extern template class BasicTaskBatch<double>;

/// f32 widens exactly; f64 rounds to nearest.
TaskBatch64 widen(const TaskBatch& batch);
TaskBatch narrow(const TaskBatch64& batch);

}  // namespace shoal
