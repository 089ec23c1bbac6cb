// SPDX-License-Identifier: Apache-2.0
// NetworkPlan: what the lanes stand for in one call, jobs for the code of an instruction set, and the sizes
// of their blocks. A plan follows from sizes alone and never changes a bit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lowered_problem.hpp"
#include "cpu/group_job.hpp"

namespace shoal::cpu {

/// What measurements and tests take out of the plan's hands.
struct ForcedPlan {
  std::optional<LaneLayout> layout;
  std::optional<StoredTape> tape;
};
/// SHOAL_CPU_PLAN: words joined by '+' out of tasks | units | keep | recompute | auto, e.g. units+keep.
/// Throws InvalidArgument on any other.
ForcedPlan forced_plan();

class NetworkPlan {
 public:
  /// For `tasks` tasks on `threads` threads, with the kernels of one instruction set.
  NetworkPlan(const Problem& problem, const TaskColumns& columns, std::int64_t tasks, int threads,
              const GroupKernels& lanes_are_tasks, const GroupKernels& lanes_are_units,
              const ForcedPlan& forced);

  const GroupKernels& kernels() const { return *kernels_; }
  /// P: the plain parameter vector.
  std::size_t parameters() const { return problem_.network().parameters; }

  /// A job of this problem: everything but parameters, rows and results.
  GroupJob job() const;
  /// Rows per block and tape policy for a group with that many rows, by the sizes of caches.
  void size_blocks(GroupJob& job) const;
  /// One line for people: layout, lanes, and for a group with that many rows the bytes and what becomes of
  /// tapes.
  std::string describe(int support_rows, int query_rows) const;

 private:
  LoweredProblem problem_;
  ForcedPlan forced_;
  const GroupKernels* kernels_;
  std::vector<kernels::LayerShape> layers_;  ///< lanes = units: offsets in vectors
  kernels::Network network_;
};

}  // namespace shoal::cpu
