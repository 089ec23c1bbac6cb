// SPDX-License-Identifier: Apache-2.0
#include <shoal/target_units.hpp>

#include <cmath>
#include <string>

#include <shoal/error.hpp>
#include <shoal/meta_learner.hpp>

#include "core/float_environment.hpp"

namespace shoal {
namespace {

/// A conversion: user's value = scale x network's value + shift.
struct Line {
  double scale = 1.0, shift = 0.0;
};

/// The conversions of the network outputs, one each.
std::vector<Line> lines_of(const Loss& loss, const TargetUnits& units) {
  std::vector<Line> lines;
  const std::size_t targets = units.deviation.size();
  for (std::size_t t = 0; t < targets; ++t) {
    const std::size_t copies = loss.kind == LossKind::pinball ? loss.quantiles.size() : 1;
    lines.insert(lines.end(), copies, {units.deviation[t], units.mean[t]});
  }
  if (loss.kind == LossKind::gaussian_nll)
    for (std::size_t t = 0; t < targets; ++t) lines.push_back({1.0, 2.0 * std::log(units.deviation[t])});
  return lines;
}

template <class Real>
std::vector<Real> through_inverse(std::span<const Real> values, const std::vector<Line>& lines) {
  std::vector<Real> scaled(values.begin(), values.end());
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const Line& line = lines[i % lines.size()];
    scaled[i] = static_cast<Real>((static_cast<double>(scaled[i]) - line.shift) / line.scale);
  }
  return scaled;
}

template <class Real>
TaskSetStorage<Real> scaled_set(const TaskSet<Real>& set, const std::vector<Line>& of_targets,
                                const std::vector<Line>& of_outputs) {
  return {{set.x.begin(), set.x.end()},
          through_inverse(set.y, of_targets),
          through_inverse(set.output_offset, of_outputs),
          {set.labels.begin(), set.labels.end()},
          {set.row_starts.begin(), set.row_starts.end()}};
}

}  // namespace

bool has_target_units(LossKind kind) {
  return kind == LossKind::mse || kind == LossKind::huber || kind == LossKind::pinball ||
         kind == LossKind::gaussian_nll;
}

Loss scaled_loss(Loss loss, const TargetUnits& units) {
  const FloatEnvironment environment;
  if (units.scale() && loss.kind == LossKind::huber) loss.delta /= units.deviation.front();
  return loss;
}

double loss_in_user_units(LossKind kind, const TargetUnits& units, double loss) {
  const FloatEnvironment environment;
  if (!units.scale()) return loss;
  if (kind == LossKind::gaussian_nll) {
    double sum = 0.0;
    for (const double deviation : units.deviation) sum += std::log(deviation);
    return loss + sum / static_cast<double>(units.deviation.size());
  }
  const double deviation = units.deviation.front();
  return kind == LossKind::pinball ? loss * deviation : loss * deviation * deviation;
}

template <class Real>
StepLosses<double> losses_in_user_units(LossKind kind, const TargetUnits& units,
                                        const StepLosses<Real>& losses) {
  StepLosses<double> result{losses.steps, {}, losses.status, losses.failed_step};
  result.loss.reserve(losses.loss.size());
  for (const Real loss : losses.loss)
    result.loss.push_back(loss_in_user_units(kind, units, static_cast<double>(loss)));
  return result;
}

template <class Real>
void outputs_to_user_units(const Loss& loss, const TargetUnits& units, std::span<Real> outputs) {
  const FloatEnvironment environment;
  if (!units.scale()) return;
  const std::vector<Line> lines = lines_of(loss, units);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Line& line = lines[i % lines.size()];
    outputs[i] = static_cast<Real>(static_cast<double>(outputs[i]) * line.scale + line.shift);
  }
}

template <class Real>
BasicTaskBatch<Real> scaled_tasks(const Loss& loss, const TargetUnits& units,
                                  const BasicTaskBatch<Real>& tasks) {
  const FloatEnvironment environment;
  if (!units.scale()) return tasks;
  const TaskColumns& columns = tasks.columns();
  std::vector<Line> of_targets;
  for (std::size_t t = 0; t < units.deviation.size(); ++t)
    of_targets.push_back({units.deviation[t], units.mean[t]});
  const std::vector<Line> of_outputs = lines_of(loss, units);
  const auto require = [](int have, std::size_t need, const char* what) {
    if (static_cast<std::size_t>(have) != need)
      throw DataError("tasks have " + std::to_string(have) + " " + what +
                      " columns, the model was trained on " + std::to_string(need));
  };
  require(columns.targets, of_targets.size(), "target");
  if (columns.offsets > 0) require(columns.offsets, of_outputs.size(), "output-offset");
  return BasicTaskBatch<Real>::own(columns, scaled_set(tasks.support(), of_targets, of_outputs),
                                   scaled_set(tasks.query(), of_targets, of_outputs),
                                   {tasks.ids().begin(), tasks.ids().end()});
}

template StepLosses<double> losses_in_user_units(LossKind, const TargetUnits&, const StepLosses<float>&);
template StepLosses<double> losses_in_user_units(LossKind, const TargetUnits&, const StepLosses<double>&);
template void outputs_to_user_units(const Loss&, const TargetUnits&, std::span<float>);
template void outputs_to_user_units(const Loss&, const TargetUnits&, std::span<double>);
template TaskBatch scaled_tasks(const Loss&, const TargetUnits&, const TaskBatch&);
template TaskBatch64 scaled_tasks(const Loss&, const TargetUnits&, const TaskBatch64&);

}  // namespace shoal
