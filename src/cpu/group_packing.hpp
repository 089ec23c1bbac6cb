// SPDX-License-Identifier: Apache-2.0
// Between tasks one after another (TaskSet) and tasks interleaved in lanes (GroupRows).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

#include "cpu/aligned_floats.hpp"
#include "cpu/group_job.hpp"

namespace shoal::cpu {

/// Indices of tasks from large to small, so that the tasks of a group of lanes have nearly the same number of
/// rows and no thread is left with a large one at the end.
std::vector<std::int64_t> order_by_size(const TaskSet<float>& support, const TaskSet<float>& query);

/// The rows of one side of a group, as GroupRows says. Keeps its memory between groups.
class PackedRows {
 public:
  /// Rows of `tasks` (at most kernels.tasks), the tail of shorter lanes filled with zeros. Marks lanes whose
  /// own rows hold a non-finite value in `bad`; the largest magnitudes are those of all others.
  GroupRows pack(const TaskSet<float>& set, const TaskColumns& columns, const Loss& loss, int outputs,
                 std::span<const std::int64_t> tasks, const GroupKernels& kernels, std::uint8_t* bad);

 private:
  AlignedFloats x_, y_, offset_;
};

/// to[task * size + e] = from[e * width + lane].
void unpack_lane(const float* from, std::size_t size, int width, int lane, float* to);
void pack_lane(const float* from, std::size_t size, int width, int lane, float* to);

}  // namespace shoal::cpu
