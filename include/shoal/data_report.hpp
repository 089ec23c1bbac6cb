// SPDX-License-Identifier: Apache-2.0
// DataReport: what to tell users about the data behind a model, a report or a file.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::OpenedTasks opened = shoal::open_tasks(shoal::load_config("clients.toml"));
//   if (opened.report.left_out)
//     for (const std::string& line : shoal::left_out_lines(*opened.report.left_out))
//       std::cout << line << '\n';
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <shoal/left_out.hpp>
#include <shoal/table_source.hpp>

namespace shoal {

struct DataReport {
  std::string file;  ///< path as the user wrote it; empty when tasks are generated or given in memory
  std::vector<std::string> warnings;  ///< one per phase that tasks.split asks for and that has no task
  // For tables only:
  std::optional<LeftOut> left_out;             ///< counts of the rows that are in no task
  std::optional<Preprocessing> preprocessing;  ///< how columns became inputs and targets
};

/// One sentence for every rule that left rows out, and one for unknown categories. Empty when every row is in
/// a task and every category is known.
std::vector<std::string> left_out_lines(const LeftOut& left);
/// JSON: {"rows": number of rows that all rules left out, "rows_by_rule": {rule: rows} for the rules that
/// left rows out, "keys" and "example" when keys have too few rows, "straddling_tasks",
/// "windows_without_target" and "unknown_categories" where there are any}. null when nothing was left out and
/// every category is known.
std::string left_out_json(const LeftOut& left);

/// One sentence for the scaling of the targets, and one for the features that are constant.
std::vector<std::string> scaling_lines(const Preprocessing& preprocessing);
/// JSON: {"targets": {name: {"mean", "deviation"}}, "constant": [names]}. null when no target is scaled and
/// no feature is constant.
std::string scaling_json(const Preprocessing& preprocessing);

}  // namespace shoal
