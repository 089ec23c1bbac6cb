// SPDX-License-Identifier: Apache-2.0
// Predictions: what a run says of the query rows of tasks, column by column in memory. The columns are those
// of the file that `shoal predict --out` writes (docs/commands.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/responses.hpp>
#include <shoal/run_report.hpp>

namespace shoal {

/// Rows are in order of key, time, row, task and steps.
struct Predictions {
  std::vector<std::string> key_names;             ///< columns of tasks.key; none for tasks of a task file
  std::vector<std::vector<std::string>> keys;     ///< [key columns][rows], texts of the file
  std::vector<std::string> task;                  ///< [rows] key of the task; its id where it has none
  std::vector<std::int64_t> task_id;              ///< [rows]
  std::vector<std::int64_t> row;                  ///< [rows] of the table; else query row of the task
  std::vector<std::string> time;                  ///< [rows] text of the file; empty where there is none
  std::vector<std::string> phase;                 ///< [rows] as in ReportedTask
  std::vector<int> steps;                         ///< [rows] adaptation steps behind the row
  std::vector<std::string> target_names;          ///< "target", or "target_NAME" for several
  std::vector<std::vector<std::string>> targets;  ///< [targets][rows], texts of the file; empty where missing
  int outputs = 0;                                ///< of the network
  /// [rows, outputs] in the units of the targets. A float that the model computed is widened exactly.
  std::vector<double> output;
  std::vector<Response> responses;  ///< what the outputs mean for the loss
  std::vector<double> response;  ///< [rows, responses]; a label is the number of a class, NaN of a bad task
  std::vector<std::string> class_names;  ///< of the labels; empty unless the loss is softmax
  TaskReport report;
};

}  // namespace shoal
