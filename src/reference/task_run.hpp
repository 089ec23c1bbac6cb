// SPDX-License-Identifier: Apache-2.0
// Runs one task: the inner loop, with the status rules of docs/definitions.md, and the backward pass through
// it.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include <shoal/meta_learner.hpp>

#include "reference/hessian_vector.hpp"
#include "reference/inner_loop.hpp"

namespace shoal::reference {

class TaskRun {
 public:
  TaskRun(const Network& net, const InnerPlan& plan, const MetaParameters<double>& parameters,
          std::vector<Row> support, std::vector<Row> query);

  /// Takes inner steps until `steps` are done; stops when the task fails.
  void adapt(int steps);
  double query_loss(int k) const {
    return mean_loss<double>(net_, trajectory_[static_cast<std::size_t>(k)], query_);
  }
  /// The gradient of this task's meta-loss by theta and the rates. Sets status 3 if it is not finite or above
  /// 2^60.
  MetaParameters<double> meta_gradient();

  /// Sets status 3 unless |value| <= 2^60.
  void require_small(double value) {
    if (!(std::abs(value) <= 0x1p60)) fail(TaskStatus::non_finite_outer, plan_.steps);
  }

  TaskStatus status() const { return status_; }
  std::int32_t failed_step() const { return failed_step_; }
  bool good() const { return status_ == TaskStatus::good; }
  const std::vector<double>& phi(int k) const { return trajectory_[static_cast<std::size_t>(k)]; }

 private:
  void fail(TaskStatus status, int step) {
    if (!good()) return;
    status_ = status;
    failed_step_ = step;
  }
  double weight(int k) const;
  void backward_through_step(int k, std::vector<double>& lambda, std::vector<double>& rate_gradient) const;

  Network net_;
  const InnerPlan& plan_;
  const MetaParameters<double>& parameters_;
  std::vector<Row> support_, query_;
  std::vector<std::vector<double>> trajectory_, gradients_;  ///< phi_0 .. phi_K; g_0 .. g_{K-1}
  TaskStatus status_ = TaskStatus::good;
  std::int32_t failed_step_ = -1;
};

}  // namespace shoal::reference
