// SPDX-License-Identifier: Apache-2.0
// GroupPlans: the plans of one problem for each kind of group, and the partition of a batch into groups: by
// measured costs, or by a first guess until there are some.
#pragma once

#include <optional>
#include <string>

#include <shoal/machine.hpp>

#include "cpu/group_costs.hpp"
#include "cpu/network_plan.hpp"

namespace shoal::cpu {

/// The kinds of groups that a backend can choose from.
struct GroupChoice {
  PerKind<const GroupKernels*> kernels;  ///< null for a kind that does not exist
  ForcedPlan forced;
  int threads = 1;

  PerKind<std::int64_t> tasks_of() const;
};
/// The kernels of an instruction set. Half groups use those of the next smaller vectors, if there are any.
PerKind<const GroupKernels*> kernels_of_kinds(Isa isa);

/// Operations whose costs are measured separately.
enum class Operation : std::int64_t { meta_gradient, adapt, evaluate };

class GroupPlans {
 public:
  /// `choice` must outlive this object. The numbers of rows are those of the largest task of a batch.
  GroupPlans(const GroupChoice& choice, const Problem& problem, const TaskColumns& columns, int support_rows,
             int query_rows);

  const NetworkPlan& operator[](GroupKind kind) const;
  /// Kinds that may be worth trying. Many lanes of a large network fit no cache; and if the first guess is
  /// against a kind, no large workspace is allocated to try it.
  PerKind<bool> allowed() const { return allowed_; }
  std::int64_t tasks_in(const BatchPartition& partition) const;

  /// The key of what the costs of a batch depend on. Numbers of rows enter rounded to powers of the square
  /// root of two, so that not every ragged batch is a problem of its own.
  CostTable::Key key(Operation operation, const TaskBatch& tasks) const;
  /// Divides a batch by the known costs (null: none). For a kind whose cost is not known it uses the first
  /// guess, scaled to a kind whose cost is.
  BatchPartition partition(const GroupCosts* costs, std::int64_t tasks) const;
  GroupKind kind_for_predictions(std::int64_t tasks) const;

  /// A description for people: the groups of a batch, the plan of each kind for its largest task, the
  /// workspace that a thread may need (including that of kinds that are only tried), and whether costs were
  /// measured.
  std::string describe(const GroupCosts* costs, std::int64_t tasks) const;

 private:
  bool all_known(const GroupCosts& costs) const;
  PerKind<double> seconds_of(const GroupCosts* costs) const;

  PerKind<bool> candidate_kinds() const;

  const GroupChoice& choice_;
  int support_rows_, query_rows_;
  NetworkPlan full_, single_;
  std::optional<NetworkPlan> half_;
  PerKind<bool> allowed_;
};

}  // namespace shoal::cpu
