// SPDX-License-Identifier: Apache-2.0
// The baselines that are linear in the inputs, fitted on the meta-train rows of a source. Each is fitted when
// it is first asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/empirical_bayes.hpp>
#include <shoal/heterogeneity.hpp>
#include <shoal/linear_model.hpp>
#include <shoal/loss.hpp>
#include <shoal/task_source.hpp>

#include "run/meta_train_rows.hpp"

namespace shoal {

class LinearBaselines {
 public:
  /// `loss`: as the learner computes it, in the units of the source's targets. `generated`: tasks that a
  /// source without an end is asked for.
  LinearBaselines(const Loss& loss, const TaskSource& source, std::int64_t generated);

  const MetaTrainRows& rows() const { return rows_; }
  const LinearModel& linear();
  /// Throws InvalidArgument where has_heterogeneity is false.
  const Heterogeneity& heterogeneity();
  /// Prior variance of an intercept: tau2, but not below 0.
  double intercept_variance();

  /// Whether a baseline of this name is defined for the loss and the columns.
  bool has(std::string_view name) const;
  /// The outputs of a baseline for the query rows of tasks: [rows, outputs], in the learner's units. Throws
  /// InvalidArgument where `has` is false.
  std::vector<double> outputs(std::string_view name, const TaskBatch64& tasks);

 private:
  const LinearModel& constant();
  std::vector<double> with_own_intercepts(const TaskBatch64& tasks);
  std::vector<double> with_own_coefficients(const TaskBatch64& tasks);

  Loss loss_;
  int classes_;
  MetaTrainRows rows_;
  std::optional<LinearModel> constant_, linear_;
  std::optional<Heterogeneity> heterogeneity_;
  std::optional<CoefficientPrior> prior_;
};

}  // namespace shoal
