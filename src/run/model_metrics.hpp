// SPDX-License-Identifier: Apache-2.0
// Metrics of a model, and of baselines beside it, on tasks: collects targets and outputs of the rows, and
// measures them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/model_metrics.hpp>
#include <shoal/run_config.hpp>

#include "run/baseline_outputs.hpp"
#include "run/opened_data.hpp"

namespace shoal {

/// The rows that all lines of a table are measured on.
struct MeasuredRows {
  OutputRows rows;                 ///< targets; outputs are those of one line
  std::vector<std::int32_t> task;  ///< [rows], in any numbering from 0
  std::vector<std::int32_t> key;   ///< [rows], in any numbering from 0
  std::vector<std::int32_t> time;  ///< [rows], places in order of time; empty where there is none
  std::vector<std::int32_t> row;   ///< [rows] of the table; empty where the tasks are no rows of one
  std::int64_t tasks = 0, keys = 0;
  bool by_time = false;  ///< whether times are the clusters
  int lag = 0;
};

/// Whether the intervals of this configuration take times. Throws InvalidArgument where they shall and no
/// column gives any.
bool clusters_by_time(const RunConfig& config, const OpenedData& data);
/// A number for the key of every task, from 0: windows of one key share it.
std::vector<std::int32_t> numbers_of_keys(const OpenedData& data, std::span<const std::int64_t> ids);

/// What a line of the table says of the rows that all lines are measured on.
struct LineOutputs {
  std::string name;             ///< "model" or a baseline's
  std::optional<int> steps;     ///< of the model
  bool selected = false;        ///< the steps that adapt and predict take
  std::vector<double> outputs;  ///< [rows, outputs], in the user's units
};
/// Measures the lines and compares them as ModelMetrics::against says. Lines of the model come first, in
/// order of steps.
std::vector<ModelMetrics> measure_lines(MeasuredRows measured, std::vector<LineOutputs> lines);

/// Groups of measured rows. `of_row` [measured rows]: an index into `names`, or below 0 for a row in no
/// group.
struct MeasuredGroups {
  std::string by;
  std::vector<std::string> names;
  std::vector<std::int32_t> of_row;
};
/// Measures the lines on the rows of every group that has any, in order of `names`. Throws DataError for more
/// than 1,000 such groups.
std::vector<GroupMetrics> measure_groups(const MeasuredRows& measured, const std::vector<LineOutputs>& lines,
                                         const MeasuredGroups& groups);

/// The lines of a table before they are measured.
struct MeasuredLines {
  MeasuredRows rows;
  std::vector<LineOutputs> lines;  ///< empty when they have no task in common
};

/// Places of the tasks that are good after every number of steps.
template <class Real>
std::vector<std::int64_t> good_everywhere(const StepLosses<Real>& losses, std::size_t tasks) {
  std::vector<std::int64_t> good;
  for (std::size_t t = 0; t < tasks; ++t) {
    bool all = true;
    for (std::size_t s = 0; s < losses.steps.size(); ++s)
      all = all && losses.status[s * tasks + t] == TaskStatus::good;
    if (all) good.push_back(static_cast<std::int64_t>(t));
  }
  return good;
}

/// Targets, keys and times of the query rows.
template <class Real>
MeasuredRows rows_to_measure(const OpenedData& data, const BasicTaskBatch<Real>& tasks,
                             const RunConfig& config, std::size_t outputs) {
  MeasuredRows measured;
  const bool labels = config.loss.has_labels();
  const TaskSet<Real> query = tasks.query();
  const TargetUnits& units = data.source->target_units();
  measured.rows.loss = config.loss;
  measured.rows.outputs = outputs;
  measured.rows.targets = labels ? 1 : static_cast<std::size_t>(tasks.columns().targets);
  if (labels)
    measured.rows.target.assign(query.labels.begin(), query.labels.end());
  else
    for (std::size_t i = 0; i < query.y.size(); ++i) {
      const std::size_t column = i % measured.rows.targets;
      const auto value = static_cast<double>(query.y[i]);
      measured.rows.target.push_back(units.scale() ? value * units.deviation[column] + units.mean[column]
                                                   : value);
    }
  measured.by_time = clusters_by_time(config, data);
  measured.lag = config.evaluate.lag;
  const std::vector<std::int32_t> keys = numbers_of_keys(data, tasks.ids());
  measured.tasks = tasks.size();
  measured.keys = 1 + *std::max_element(keys.begin(), keys.end());
  for (std::size_t t = 0; t < keys.size(); ++t)
    for (std::int64_t row = 0; row < query.rows(static_cast<std::int64_t>(t)); ++row) {
      measured.task.push_back(static_cast<std::int32_t>(t));
      measured.key.push_back(keys[t]);
      if (!data.table) continue;
      measured.row.push_back(data.table->query_rows(tasks.ids()[t])[static_cast<std::size_t>(row)]);
      if (measured.by_time) measured.time.push_back(data.table->time_rank(measured.row.back()));
    }
  return measured;
}

/// Outputs for all query rows after so many steps, in the units of the targets, a few tasks at a time: their
/// adapted models take about 64 MiB. `adapt`: tasks and steps to adapted models.
template <class Real, class Adapt>
std::vector<double> outputs_after(const BasicMetaLearner<Real>& learner, const Adapt& adapt,
                                  const OpenedData& data, const BasicTaskBatch<Real>& tasks, const Loss& loss,
                                  int steps) {
  const std::size_t weights = learner.layout().size() * sizeof(Real);
  const auto most = static_cast<std::int64_t>(std::max<std::size_t>(16, (std::size_t{64} << 20) / weights));
  std::vector<double> outputs;
  for (std::int64_t first = 0; first < tasks.size(); first += most) {
    std::vector<std::int64_t> some;
    for (std::int64_t t = first; t < std::min(first + most, tasks.size()); ++t) some.push_back(t);
    const BasicTaskBatch<Real> batch = tasks.select(some);
    std::vector<Real> predicted = learner.predict(adapt(batch, steps), batch.query(), batch.columns());
    outputs_to_user_units(loss, data.source->target_units(), std::span(predicted));
    outputs.insert(outputs.end(), predicted.begin(), predicted.end());
  }
  return outputs;
}

/// Leaves those places whose tasks every baseline has outputs for.
std::vector<std::int64_t> in_all(const std::vector<BaselineOutputs>& baselines,
                                 std::vector<std::int64_t> places, std::span<const std::int64_t> row_starts);
/// The outputs of these tasks.
std::vector<double> outputs_of(const BaselineOutputs& baseline, std::span<const std::int64_t> places,
                               std::span<const std::int64_t> row_starts);

/// The lines of an evaluation: one for each number of steps, then the baselines (whose outputs are those of
/// all `tasks`). `selected`: the number of steps that adapt and predict take. None when the lines have no
/// task in common, and for tasks in a device's memory.
template <class Real, class Adapt>
MeasuredLines lines_to_measure(const BasicMetaLearner<Real>& learner, const Adapt& adapt,
                               const OpenedData& data, const BasicTaskBatch<Real>& tasks,
                               const StepLosses<double>& losses, const RunConfig& config, int selected,
                               const std::vector<BaselineOutputs>& baselines = {}) {
  if (tasks.query().device || tasks.support().device) return {};
  const auto& starts = tasks.query().row_starts;
  const std::vector<std::int64_t> places =
      in_all(baselines, good_everywhere(losses, tasks.ids().size()), starts);
  if (places.empty()) return {};
  const BasicTaskBatch<Real> common = tasks.select(places);
  std::vector<LineOutputs> lines;
  for (const int steps : losses.steps)
    lines.push_back(
        {"model", steps, steps == selected, outputs_after(learner, adapt, data, common, config.loss, steps)});
  for (const BaselineOutputs& baseline : baselines)
    lines.push_back({baseline.name, std::nullopt, false, outputs_of(baseline, places, starts)});
  return {rows_to_measure(data, common, config, static_cast<std::size_t>(learner.options().model.outputs)),
          std::move(lines)};
}

}  // namespace shoal
