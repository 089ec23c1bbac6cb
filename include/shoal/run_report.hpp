// SPDX-License-Identifier: Apache-2.0
// Reports of a run on the tasks that it was used on.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::Evaluation evaluation = shoal::Run::open("runs/clients").evaluate();
//   for (const shoal::StepSummary& summary : evaluation.summary)
//     std::cout << summary.steps << " steps: " << summary.mean << '\n';
//   shoal::require_few_failures(evaluation);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data_report.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/gate.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/model_metrics.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

struct ReportedTask {
  std::int64_t id = 0;
  std::string key;  ///< name of the task in the data, or its id as text
  std::string
      /// The phase that the task had in the run: "train", "validation" or "test"; "new" when the run has not
      /// seen it.
      phase;
  /// Whether the model, or the model that it was warm-started from, was trained on the task. Empty when that
  /// is not known: the model is so old that it has no list of tasks, and the data are not its own.
  std::optional<bool> trained_on;
};

/// How many tasks were adapted or predicted, and which of them failed.
struct TaskReport {
  std::string backend;  ///< name of the backend that computed
  DataReport data;
  std::int64_t tasks = 0, good = 0, query_rows = 0;
  std::vector<FailedTask> failures;
  /// Tasks without rows to adapt on; they keep the trained model.
  std::int64_t without_support = 0;
};

struct Evaluation {
  std::string backend;
  DataReport data;
  std::string phase;                 ///< the evaluated tasks: "train", "validation", "test" or "all"
  std::vector<StepSummary> summary;  ///< one entry per number of steps
  /// A line per number of steps and per baseline, on the tasks that all of them have in common. Empty when
  /// there is no such task, and for tasks in a device's memory.
  std::vector<ModelMetrics> models;
  std::vector<GroupMetrics> groups;  ///< the same of the rows of each group (EvaluateOptions::by)
  StepLosses<double> losses;         ///< [steps, tasks], in the user's units
  std::vector<ReportedTask> tasks;   ///< [tasks] in the order of `losses`
  /// Number of tasks with `trained_on`; empty when that is not known.
  std::optional<std::int64_t> trained_on_tasks;
  double max_failed_share = 0.0;   ///< the configuration's evaluate.max_failed_share
  std::optional<GateReport> gate;  ///< of a model that has one; `losses` are behind it
};

/// Throws NumericError, naming the first tasks with reasons, when more than evaluate.max_failed_share of the
/// tasks failed at any number of steps.
void require_few_failures(const Evaluation& evaluation);

}  // namespace shoal
