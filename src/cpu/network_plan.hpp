// SPDX-License-Identifier: Apache-2.0
// NetworkPlan: a network as the kernels of one kind of group take it, jobs for them, and the sizes of their
// blocks. A plan follows from sizes alone and never changes a bit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lowered_problem.hpp"
#include "cpu/group_job.hpp"
#include "cpu/group_kinds.hpp"

namespace shoal::cpu {

/// What measurements and tests take out of the plan's hands.
struct ForcedPlan {
  std::optional<GroupKind> kind;  ///< all groups are of this kind
  std::optional<TapePolicy> tape;
  std::optional<BatchPartition>
      partition;             ///< so many full and half groups, as far as there are tasks; the rest alone
  bool first_guess = false;  ///< nothing is measured
  bool blocks = false;       ///< rows are packed block after block, as those of large sets are

  bool measures() const { return !kind && !partition && !first_guess; }
};
/// ContextOptions::cpu_plan: words joined by '+' out of tasks | half | units (the kind of all groups),
/// cut-F-H (F full groups, H half ones, the rest alone), keep | recompute (tapes), guess (nothing is
/// measured), blocks (rows packed block after block), auto. Throws InvalidArgument on any other.
ForcedPlan forced_plan(const std::string& text);

/// What groups should cost in relation to each other where nothing is measured: the larger the model, the
/// worse many lanes of it fit the caches. `width`: lanes of a full group.
PerKind<double> first_guess(const kernels::Network& network, int width);

class NetworkPlan {
 public:
  /// For the kernels of one kind; `threads` share the caches.
  NetworkPlan(const Problem& problem, const TaskColumns& columns, const GroupKernels& kernels, int threads,
              std::optional<TapePolicy> forced_tape);

  const GroupKernels& kernels() const { return *kernels_; }
  /// P: the plain parameter vector.
  std::size_t parameters() const { return problem_.network().parameters; }
  /// The problem with offsets in the plain parameter vector.
  const LoweredProblem& problem() const { return problem_; }

  /// A job of this problem: everything but parameters, rows and results.
  GroupJob job() const;
  /// Rows per block and tape policy for a group with that many rows, by the sizes of caches.
  void size_blocks(GroupJob& job) const;
  /// Bytes of workspace of a meta-gradient of a group with that many rows.
  std::size_t workspace_bytes(int support_rows, int query_rows) const;
  /// A few words for people: lanes, bytes a task, blocks of rows, what becomes of tapes.
  std::string describe(int support_rows, int query_rows) const;

 private:
  GroupJob largest_job(int support_rows, int query_rows) const;

  LoweredProblem problem_;
  std::optional<TapePolicy> forced_tape_;
  const GroupKernels* kernels_;
  std::size_t tape_budget_;
  std::vector<kernels::LayerShape> layers_;  ///< lanes = units: offsets in vectors
  kernels::Network network_;
};

}  // namespace shoal::cpu
