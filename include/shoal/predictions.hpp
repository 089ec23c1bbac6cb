// SPDX-License-Identifier: Apache-2.0
// Predictions for the query rows of tasks, as columns in memory. They are the columns of the file that `shoal
// predict --out` writes (docs/commands.md).
//
// Example:
//
//   #include <iostream>
//
//   const shoal::Predictions predictions = shoal::Run::open("runs/clients").predict("new-clients.csv");
//   for (std::size_t row = 0; row < predictions.task.size(); ++row)
//     std::cout << predictions.task[row] << ' ' << predictions.response[row] << '\n';  // of one response
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/responses.hpp>
#include <shoal/run_report.hpp>

namespace shoal {

/// The rows are ordered by key, time, row, task and steps.
struct Predictions {
  std::vector<std::string> key_names;          ///< columns of tasks.key; empty for tasks of a task file
  std::vector<std::vector<std::string>> keys;  ///< [key columns][rows], as the file writes them
  std::vector<std::string> task;               ///< [rows] key of the task, or its id when it has no key
  std::vector<std::int64_t> task_id;           ///< [rows]
  /// [rows] row of the table; for tasks of a task file, query row of the task
  std::vector<std::int64_t> row;
  std::vector<std::string> time;   ///< [rows] as the file writes it; empty when no column gives the time
  std::vector<std::string> phase;  ///< [rows] as in ReportedTask
  std::vector<int> steps;          ///< [rows] adaptation steps before the prediction
  std::vector<std::string> target_names;  ///< "target", or "target_NAME" when there are several
  /// [targets][rows], as the file writes them; empty where missing
  std::vector<std::vector<std::string>> targets;
  int outputs = 0;  ///< number of network outputs
  /// Network outputs [rows, outputs] in the units of the targets. Outputs of a float model are widened
  /// exactly.
  std::vector<double> output;
  std::vector<Response> responses;  ///< the columns of `response`
  std::vector<double> response;  ///< [rows, responses]; a label is the index of a class; NaN for a bad task
  std::vector<std::string> class_names;  ///< with loss softmax: the name of each class, else empty
  TaskReport report;
};

}  // namespace shoal
