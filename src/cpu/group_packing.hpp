// SPDX-License-Identifier: Apache-2.0
// Converts between tasks that stand one after another (TaskSet) and tasks that are interleaved in lanes
// (GroupRows).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

#include "cpu/aligned_floats.hpp"
#include "cpu/group_job.hpp"

namespace shoal::cpu {

/// The indices of tasks from large to small, so that the tasks of a group have nearly the same number of rows
/// and no thread is left with a large task at the end.
std::vector<std::int64_t> order_by_size(const TaskSet<float>& support, const TaskSet<float>& query);

/// Rows that take more bytes than this when packed are packed block after block, each time they go through
/// the network. All lanes of a group are as long as its largest task, so that one large task among small ones
/// would take many times its own memory.
inline constexpr std::size_t most_packed_bytes = 32u << 20;

/// Packs the rows of one side of a group in the layout of GroupRows. Keeps its memory between groups.
class PackedRows {
 public:
  /// Packs the rows of `tasks` (at most kernels.tasks); shorter lanes are filled up with zeros. Marks in
  /// `bad` the lanes whose own rows have a non-finite value; the largest magnitudes are those of all other
  /// lanes. If more than `most_bytes` are needed, rows are packed later, when they are used: then set, tasks
  /// and this object must live until the job is done.
  GroupRows pack(const TaskSet<float>& set, const TaskColumns& columns, const Loss& loss, int outputs,
                 std::span<const std::int64_t> tasks, const GroupKernels& kernels, std::size_t most_bytes,
                 std::uint8_t* bad);

 private:
  PackedBlock block(int first, int count);

  // For a set that is packed block after block:
  TaskSet<float> set_;
  TaskColumns columns_;
  std::span<const std::int64_t> tasks_;
  const GroupKernels* kernels_ = nullptr;

  AlignedFloats x_, y_, offset_;
};

/// unpack_lane(): to[e] = from[e * width + lane] for e < size; pack_lane() does the reverse.
void unpack_lane(const float* from, std::size_t size, int width, int lane, float* to);
void pack_lane(const float* from, std::size_t size, int width, int lane, float* to);

}  // namespace shoal::cpu
