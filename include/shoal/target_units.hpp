// SPDX-License-Identifier: Apache-2.0
// TargetUnits: how a table's targets were scaled for a run. The network computes with u = (y - mean) /
// deviation, and the functions of this file convert results back to the user's units. With o the network
// output including its offset:
//
//   loss           outputs                                          mean loss
//   mse            o deviation + mean                               deviation^2 loss
//   huber          o deviation + mean; computed with delta / deviation   deviation^2 loss
//   pinball        o deviation + mean                               deviation loss
//   gaussian-nll   means as above, log-variances + 2 ln deviation   loss + mean of ln deviation
//
// The output offset of a task is in the user's units too: it is the prediction of a network whose weights are
// zero. The inverse of the conversion of outputs scales it, so that the mean is subtracted only once.
//
// Example:
//
//   const shoal::TargetUnits units = {.mean = {150000.0}, .deviation = {40000.0}};
//   std::vector<float> outputs = {0.25f, -1.0f};  // of a model with loss mse
//   shoal::outputs_to_user_units<float>(shoal::Loss{}, units, outputs);  // 160000, 110000
#pragma once

#include <span>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

template <class Real>
struct StepLosses;

/// Mean and deviation of each target column. Both are empty where targets are not scaled, and every function
/// below then changes nothing. mse, huber and pinball have one deviation for all columns, because only then a
/// loss that sums over columns is the user's loss times a factor.
struct TargetUnits {
  std::vector<double> mean, deviation;

  bool scale() const { return !deviation.empty(); }
  bool operator==(const TargetUnits&) const = default;
};

/// Whether tasks.scale_targets scales the targets of this loss: mse, huber, pinball, gaussian-nll.
bool has_target_units(LossKind kind);
/// The loss that the learner computes: huber's delta is divided by the deviation.
Loss scaled_loss(Loss loss, const TargetUnits& units);
/// Converts a mean loss of the learner to the user's units. NaN stays NaN.
double loss_in_user_units(LossKind kind, const TargetUnits& units, double loss);
/// Converts the losses of an evaluation to the user's units, in double, for summaries, logs and tables.
template <class Real>
StepLosses<double> losses_in_user_units(LossKind kind, const TargetUnits& units,
                                        const StepLosses<Real>& losses);
/// Converts network outputs [rows, outputs] to the user's units, in place.
template <class Real>
void outputs_to_user_units(const Loss& loss, const TargetUnits& units, std::span<Real> outputs);
/// Converts tasks from the user's units to those of the learner: scales targets and output offsets.
template <class Real>
BasicTaskBatch<Real> scaled_tasks(const Loss& loss, const TargetUnits& units,
                                  const BasicTaskBatch<Real>& tasks);

}  // namespace shoal
