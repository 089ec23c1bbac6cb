// SPDX-License-Identifier: Apache-2.0
// Summaries of an evaluation: for each number of adaptation steps, the mean loss with its interval, tail
// quantiles, and the share of tasks that failed.
//
// Example:
//
//   const std::vector<int> steps = {0, 1, 5};
//   const shoal::StepLosses<float> losses = learner.evaluate(tasks, steps);
//   for (const shoal::StepSummary& summary : shoal::summarize(losses, tasks.ids()))
//     std::printf("%d steps: %.4f +- %.4f\n", summary.steps, summary.mean, summary.half_width);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

struct StepSummary {
  int steps = 0;
  std::int64_t tasks = 0, good = 0;
  double mean = 0.0;  ///< over good tasks
  /// half the 95 % confidence interval of the mean over tasks, Student's t: t sd / sqrt(good)
  double half_width = 0.0;
  double median = 0.0, q99 = 0.0, q999 = 0.0;  ///< quantiles over good tasks, linear interpolation (type 7)
  double divergence_rate = 0.0;                ///< share of tasks with a status other than good
  std::vector<FailedTask> failures;
};

/// Summarises the result of BasicMetaLearner::evaluate, one summary per number of steps. Means add the losses
/// in order of task id.
template <class Real>
std::vector<StepSummary> summarize(const StepLosses<Real>& losses, std::span<const std::int64_t> ids);

/// The quantile q in [0, 1] of values in any order, by linear interpolation between order statistics
/// (type 7).
double quantile(std::vector<double> values, double q);

}  // namespace shoal
