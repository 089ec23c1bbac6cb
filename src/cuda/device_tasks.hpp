// SPDX-License-Identifier: Apache-2.0
// DeviceTasks: a batch on the device, with the sizes, order and status of its tasks that the kernels read.
// What a batch has in common with the previous one, most of all the sizes of tasks, is not uploaded again.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/device_order.hpp"
#include "cuda/device_row_checks.hpp"
#include "cuda/row_format.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/generate/generated_task.hpp"
#include "kernels/team/task_arguments.hpp"

namespace shoal::cuda {

/// One side of the batch, support or query.
class DeviceRows {
 public:
  /// Uploads the rows. Gives status 1 to tasks with a non-finite value.
  kernels::RowsView upload(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                           std::vector<std::uint8_t>& status);
  /// Uses rows that are already on the device, in place: they must stay there until the stream has finished
  /// the work that reads them. The caller must still convert labels to floats, at y().
  kernels::RowsView view(Stream& stream, const TaskSet<float>& set, const RowFormat& format);
  /// Reserves memory for `rows` rows of each of `tasks` tasks, which a kernel will fill.
  kernels::RowsView reserve(Stream& stream, int tasks, int rows, const RowFormat& format);
  float* x() { return x_address_; }
  float* y() { return y_address_; }
  /// A number that changes whenever different sizes are uploaded.
  long sizes_version() const { return sizes_version_; }
  /// First row of each task, [tasks + 1]. Valid until the next call.
  std::span<const std::int64_t> row_starts() const { return sizes_; }

 private:
  /// Describes tasks of one size, so that batches of a generator need not be compared task by task.
  struct EvenSizes {
    int tasks = -1, rows = 0, outputs = 0;
    Loss loss;
    bool operator==(const EvenSizes&) const = default;
  };

  void upload_sizes(Stream& stream, std::span<const std::int64_t> row_starts, const RowFormat& format);
  float* send(Stream& stream, DeviceArray<float>& to, PinnedArray<float>& through,
              std::span<const float> values);

  DeviceArray<float> x_, y_, offset_, terms_, scale_;
  PinnedArray<float> pinned_x_, pinned_y_, pinned_offset_;
  DeviceArray<std::int64_t> first_;
  std::vector<std::int64_t> sizes_;  ///< row starts
  std::vector<float> terms_of_sizes_, scale_of_sizes_;
  bool sizes_sent_ = false;  ///< `sizes_` are on the device
  EvenSizes even_;           ///< no tasks: sizes differ, or are not known to be equal
  kernels::RowsView sent_;   ///< first, terms, scale
  float *x_address_ = nullptr, *y_address_ = nullptr;
  long sizes_version_ = 0;
};

/// Rows are copied through pinned memory, which every call overwrites: before a call the stream must have
/// finished the copies of the previous one.
class DeviceTasks {
 public:
  /// Fills support, query, order, status and tasks of `job`. Reserves `points` statuses per task; the first
  /// one says whether the rows are good or bad. For rows that are already on the device, waits for the stream
  /// and throws DataError for a label or target that the loss does not allow.
  void upload(Stream& stream, const TaskBatch& tasks, const RowFormat& format, int points,
              kernels::TaskArguments& job);
  /// Uploads query rows only; every task gets status 0, good or not.
  void upload(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
              kernels::TaskArguments& job);
  /// Reserves memory for `count` tasks of a generator; a kernel will fill their rows and statuses.
  void reserve(Stream& stream, const kernels::GeneratorFormula& formula, int count, const RowFormat& format,
               kernels::TaskArguments& job);

  DeviceRows& support() { return support_; }
  DeviceRows& query() { return query_; }

 private:
  void upload_status(Stream& stream, std::size_t points, kernels::TaskArguments& job);

  DeviceRows support_, query_;
  DeviceOrder order_;
  DeviceRowChecks checks_;
  DeviceArray<std::uint8_t> status_;
  PinnedArray<std::uint8_t> pinned_status_;
  std::vector<std::uint8_t> host_status_;
};

/// Number of rows of the largest task.
int most_rows(const TaskSet<float>& set);

}  // namespace shoal::cuda
