// SPDX-License-Identifier: Apache-2.0
// DeviceTasks: a batch on the device, with what the kernels want to know of each task. What a batch shares
// with the one before it, sizes of tasks above all, is not sent again.
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

/// One side, support or query.
class DeviceRows {
 public:
  /// Marks tasks whose own rows hold a non-finite value with status 1.
  kernels::RowsView upload(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
                           std::vector<std::uint8_t>& status);
  /// Rows that are on the device already, where they are: they stay there until the stream has come past what
  /// reads them. Labels are still to be turned into numbers, at y().
  kernels::RowsView view(Stream& stream, const TaskSet<float>& set, const RowFormat& format);
  /// Room for `rows` rows of each of `tasks` tasks, which a kernel will fill.
  kernels::RowsView reserve(Stream& stream, int tasks, int rows, const RowFormat& format);
  float* x() { return x_address_; }
  float* y() { return y_address_; }
  /// Another number whenever sizes were sent again, since they are not those of the call before.
  long sizes_version() const { return sizes_version_; }
  /// Where the rows of each task begin, [tasks + 1]. Stays until the next call.
  std::span<const std::int64_t> row_starts() const { return sizes_; }

 private:
  /// Tasks of one size, so that batches of a generator need not be compared task by task.
  struct EvenSizes {
    int tasks = -1, rows = 0, outputs = 0;
    Loss loss;
    bool operator==(const EvenSizes&) const = default;
  };

  void upload_sizes(Stream& stream, std::span<const std::int64_t> offsets, const RowFormat& format);
  float* send(Stream& stream, DeviceArray<float>& to, PinnedArray<float>& through,
              std::span<const float> values);

  DeviceArray<float> x_, y_, offset_, terms_, scale_;
  PinnedArray<float> pinned_x_, pinned_y_, pinned_offset_;
  DeviceArray<std::int64_t> first_;
  std::vector<std::int64_t> sizes_;  ///< offsets
  std::vector<float> terms_of_sizes_, scale_of_sizes_;
  bool sizes_sent_ = false;  ///< they are those on the device
  EvenSizes even_;           ///< what they are; no tasks: not of one size, or not known to be
  kernels::RowsView sent_;   ///< first, terms, scale
  float *x_address_ = nullptr, *y_address_ = nullptr;
  long sizes_version_ = 0;
};

/// Rows go through pinned memory that every call fills again: the stream has come past the copies of the call
/// before.
class DeviceTasks {
 public:
  /// Fills support, query, order, status and tasks of `job`; with room for `points` statuses per task, the
  /// first of which says what the rows are: good or bad. Waits for the stream where the rows are on the
  /// device already, and throws DataError for labels or targets there that do not fit.
  void upload(Stream& stream, const TaskBatch& tasks, const RowFormat& format, int points,
              kernels::TaskArguments& job);
  /// Query rows alone, good or not.
  void upload(Stream& stream, const TaskSet<float>& set, const RowFormat& format,
              kernels::TaskArguments& job);
  /// Room for `count` tasks of a generator, which a kernel will fill, statuses too.
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

/// Rows of the largest task.
int most_rows(const TaskSet<float>& set);

}  // namespace shoal::cuda
