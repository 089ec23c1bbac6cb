// SPDX-License-Identifier: Apache-2.0
// GroupPlans: one problem as each kind of group takes it, and the cut of a batch into groups: by measured
// costs, or by a first guess until there are some.
#pragma once

#include <optional>
#include <string>

#include <shoal/machine.hpp>

#include "cpu/group_costs.hpp"
#include "cpu/network_plan.hpp"

namespace shoal::cpu {

/// What a backend has to choose from.
struct GroupChoice {
  PerKind<const GroupKernels*> kernels;  ///< null where there are none of a kind
  ForcedPlan forced;
  int threads = 1;

  PerKind<std::int64_t> tasks_of() const;
};
/// The kernels of an instruction set; half groups take those of the next smaller vectors, where there are
/// any.
PerKind<const GroupKernels*> kernels_of_kinds(Isa isa);

/// Costs are kept apart for these.
enum class Operation : std::int64_t { meta_gradient, adapt, evaluate };

class GroupPlans {
 public:
  /// `choice` must outlive this. Rows: of the largest task of a batch.
  GroupPlans(const GroupChoice& choice, const Problem& problem, const TaskColumns& columns, int support_rows,
             int query_rows);

  const NetworkPlan& operator[](GroupKind kind) const;
  /// Kinds that may pay. Many lanes of a large network fit no cache; where the first guess is against them,
  /// nor is a large workspace spent on trying them.
  PerKind<bool> allowed() const { return allowed_; }
  std::int64_t tasks_in(const BatchPartition& partition) const;

  /// What the costs of a batch depend on; rows by powers of the root of two, so that ragged batches do not
  /// make a problem each.
  CostTable::Key key(Operation operation, const TaskBatch& tasks) const;
  /// By the costs that are known (null: none); a kind that is not known is taken at its first guess, on the
  /// scale of one that is.
  BatchPartition partition(const GroupCosts* costs, std::int64_t tasks) const;
  GroupKind kind_for_predictions(std::int64_t tasks) const;

  /// For people: the groups of a batch, each kind's plan for its largest task, the workspace that a thread
  /// may come to need (of kinds that are only tried, too), and whether costs were measured.
  std::string describe(const GroupCosts* costs, std::int64_t tasks) const;

 private:
  bool all_known(const GroupCosts& costs) const;
  PerKind<double> seconds_of(const GroupCosts* costs) const;

  PerKind<bool> kinds_that_may_pay() const;

  const GroupChoice& choice_;
  int support_rows_, query_rows_;
  NetworkPlan full_, single_;
  std::optional<NetworkPlan> half_;
  PerKind<bool> allowed_;
};

}  // namespace shoal::cpu
