// SPDX-License-Identifier: Apache-2.0
// NetworkPlan: jobs for the code of an instruction set, and the sizes of their blocks.
#pragma once

#include "core/lowered_problem.hpp"
#include "cpu/group_job.hpp"

namespace shoal::cpu {

class NetworkPlan {
 public:
  NetworkPlan(const Problem& problem, const TaskColumns& columns) : problem_(problem, columns) {}

  /// A job of this problem: everything but parameters, rows and results.
  GroupJob job() const;
  /// Rows per block and tape policy for a group with that many rows, by the sizes of caches. Never changes a
  /// bit.
  void size_blocks(GroupJob& job, int width) const;

 private:
  LoweredProblem problem_;
};

}  // namespace shoal::cpu
