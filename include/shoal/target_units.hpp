// SPDX-License-Identifier: Apache-2.0
// TargetUnits: how a table's targets were scaled for a run. The network computes with (y - mean) / deviation;
// whatever goes out is carried back into the user's units by the functions of this file. With u = (y - mean)
// / deviation and o the network's output with its offset:
//
//   loss           outputs                                          mean loss
//   mse            o deviation + mean                               deviation^2 loss
//   huber          o deviation + mean; computed with delta / deviation   deviation^2 loss
//   pinball        o deviation + mean                               deviation loss
//   gaussian-nll   means as above, log-variances + 2 ln deviation   loss + mean of ln deviation
//
// The output offset of a task is in the user's units too and is what zero weights predict: it goes in through
// the inverse of what the outputs go out through, so that the shift by the mean is applied once.
#pragma once

#include <span>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

template <class Real>
struct StepLosses;

/// Per target column; both empty where targets are not scaled: then every function below changes nothing.
/// mse, huber and pinball have one deviation for all columns: a loss that sums over columns is the user's, up
/// to a factor, only then.
struct TargetUnits {
  std::vector<double> mean, deviation;

  bool scale() const { return !deviation.empty(); }
  bool operator==(const TargetUnits&) const = default;
};

/// Losses that tasks.scale_targets acts on: mse, huber, pinball, gaussian-nll.
bool has_target_units(LossKind kind);
/// The loss that the learner computes with: huber's delta over the deviation.
Loss scaled_loss(Loss loss, const TargetUnits& units);
/// A mean loss of the learner in the user's units. NaN stays NaN.
double loss_in_user_units(LossKind kind, const TargetUnits& units, double loss);
/// Losses of an evaluation in the user's units, in double: to summarise, log and print.
template <class Real>
StepLosses<double> losses_in_user_units(LossKind kind, const TargetUnits& units,
                                        const StepLosses<Real>& losses);
/// Network outputs [rows, outputs] in the user's units, in place.
template <class Real>
void outputs_to_user_units(const Loss& loss, const TargetUnits& units, std::span<Real> outputs);
/// Tasks in the user's units as the learner takes them: targets and output offsets scaled.
template <class Real>
BasicTaskBatch<Real> scaled_tasks(const Loss& loss, const TargetUnits& units,
                                  const BasicTaskBatch<Real>& tasks);

}  // namespace shoal
