// SPDX-License-Identifier: Apache-2.0
// NetworkPlan: what the lanes stand for in one call, jobs for the code of an instruction set, and the sizes of
// their blocks. A plan follows from sizes alone and never changes a bit.
#pragma once

#include <optional>
#include <vector>

#include "core/lowered_problem.hpp"
#include "cpu/group_job.hpp"

namespace shoal::cpu {

/// SHOAL_CPU_LAYOUT = tasks | units: for measurements and tests; unset or "auto": empty. Throws InvalidArgument on
/// anything else.
std::optional<LaneLayout> forced_layout();

class NetworkPlan {
 public:
  /// For `tasks` tasks on `threads` threads, with the kernels of one instruction set.
  NetworkPlan(const Problem& problem, const TaskColumns& columns, std::int64_t tasks, int threads,
              const GroupKernels& lanes_are_tasks, const GroupKernels& lanes_are_units,
              std::optional<LaneLayout> forced);

  const GroupKernels& kernels() const { return *kernels_; }
  /// P: the plain parameter vector.
  std::size_t parameters() const { return problem_.network().parameters; }

  /// A job of this problem: everything but parameters, rows and results.
  GroupJob job() const;
  /// Rows per block and tape policy for a group with that many rows, by the sizes of caches.
  void size_blocks(GroupJob& job) const;

 private:
  LoweredProblem problem_;
  const GroupKernels* kernels_;
  std::vector<kernels::LayerShape> layers_;  ///< lanes = units: offsets in vectors
  kernels::Network network_;
};

}  // namespace shoal::cpu
