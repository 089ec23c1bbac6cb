// SPDX-License-Identifier: Apache-2.0
// NetworkPlan: the network in the layout of one kind of group, the jobs of that kind, and the sizes of their
// blocks. A plan depends on sizes only and never changes a bit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lowered_problem.hpp"
#include "cpu/group_job.hpp"
#include "cpu/group_kinds.hpp"

namespace shoal::cpu {

/// Decisions that measurements and tests prescribe to the planner.
struct ForcedPlan {
  std::optional<GroupKind> kind;  ///< all groups are of this kind
  std::optional<TapePolicy> tape;
  /// This many full and half groups, as far as there are tasks for them; the rest alone.
  std::optional<BatchPartition> partition;
  bool first_guess = false;  ///< nothing is measured
  bool blocks = false;       ///< rows are packed block after block, as those of large sets are

  bool measures() const { return !kind && !partition && !first_guess; }
};
/// Reads ContextOptions::cpu_plan: words joined by '+'. They are tasks | half | units (the kind of all
/// groups), cut-F-H (F full groups, H half groups, the rest alone), keep | recompute (tapes), guess (nothing
/// is measured), blocks (rows are packed block after block), auto. Throws InvalidArgument for any other word.
ForcedPlan forced_plan(const std::string& text);

/// The cost of each kind of group relative to the others, as long as nothing is measured: the larger the
/// model, the less well many lanes of it fit the caches. `width`: lanes of a full group.
PerKind<double> first_guess(const kernels::Network& network, int width);

class NetworkPlan {
 public:
  /// Makes the plan for the kernels of one kind. `threads` threads share the caches.
  NetworkPlan(const Problem& problem, const TaskColumns& columns, const GroupKernels& kernels, int threads,
              std::optional<TapePolicy> forced_tape);

  const GroupKernels& kernels() const { return *kernels_; }
  /// P, the size of the flat parameter vector.
  std::size_t parameters() const { return problem_.network().parameters; }
  /// The problem, with offsets in the flat parameter vector.
  const LoweredProblem& problem() const { return problem_; }

  /// A job of this problem, without parameters, rows and results.
  GroupJob job() const;
  /// Sets the rows per block and the tape policy for the rows of `job`, by the sizes of the caches.
  void size_blocks(GroupJob& job) const;
  /// Bytes of workspace that a meta-gradient of a group with that many rows needs.
  std::size_t workspace_bytes(int support_rows, int query_rows) const;
  /// A description for people: lanes, bytes per task, rows per block, whether tapes are stored.
  std::string describe(int support_rows, int query_rows) const;

 private:
  GroupJob largest_job(int support_rows, int query_rows) const;

  LoweredProblem problem_;
  std::optional<TapePolicy> forced_tape_;
  const GroupKernels* kernels_;
  std::size_t tape_budget_;
  std::vector<kernels::LayerShape> layers_;  ///< for lanes = units: offsets in vectors
  kernels::Network network_;
};

}  // namespace shoal::cpu
