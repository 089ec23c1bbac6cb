// SPDX-License-Identifier: Apache-2.0
// What a run reports of the tasks that it has met.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data_report.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

struct ReportedTask {
  std::int64_t id = 0;
  std::string key;  ///< its name in the data; the id as text where it has none
  std::string
      phase;  ///< "train", "validation", "test": what it was in the run; "new": the run has not seen it
  /// Whether the model, or one that it was warm-started from, was trained on the task; nothing where that is
  /// not known (a model of before tasks were listed, on other data than its own).
  std::optional<bool> trained_on;
};

/// Of an adaptation or of predictions: how many tasks there were and what became of them.
struct TaskReport {
  std::string backend;  ///< name of the backend that computed
  DataReport data;
  std::int64_t tasks = 0, good = 0, query_rows = 0;
  std::vector<FailedTask> failures;
  std::int64_t without_support =
      0;  ///< tasks without rows to adapt on: theirs is the model as it was trained
};

struct Evaluation {
  std::string backend;
  DataReport data;
  std::string phase;                 ///< which tasks: "train", "validation", "test" or "all"
  std::vector<StepSummary> summary;  ///< per number of steps
  StepLosses<double> losses;         ///< [steps, tasks], in the user's units
  std::vector<ReportedTask> tasks;   ///< [tasks]
  /// How many of the tasks have trained_on; nothing where that is not known.
  std::optional<std::int64_t> trained_on_tasks;
  double max_failed_share = 0.0;  ///< evaluate.max_failed_share
};

/// Throws NumericError with the first tasks and reasons when at any number of steps more than
/// evaluate.max_failed_share of the tasks failed.
void require_few_failures(const Evaluation& evaluation);

}  // namespace shoal
