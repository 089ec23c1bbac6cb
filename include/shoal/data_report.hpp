// SPDX-License-Identifier: Apache-2.0
// DataReport: what there is to tell of the data that a model, a report or a file was made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <shoal/left_out.hpp>
#include <shoal/table_source.hpp>

namespace shoal {

struct DataReport {
  std::string file;                   ///< as it was named; empty when tasks are generated or given in memory
  std::vector<std::string> warnings;  ///< phases that tasks.split asks for and no task is in
  // Of a table alone:
  std::optional<LeftOut> left_out;             ///< rows that are in no task
  std::optional<Preprocessing> preprocessing;  ///< how columns became inputs and targets
};

/// A sentence for every rule that left something out, and for unknown categories; none when there is nothing
/// to tell.
std::vector<std::string> left_out_lines(const LeftOut& left);
/// JSON: {"rows": by all rules, "rows_by_rule": {name: count} of the rules that left something out, "keys"
/// and "example" when keys have too few rows, "straddling_tasks", "windows_without_target",
/// "unknown_categories" when there are any}, or null when there is nothing to tell.
std::string left_out_json(const LeftOut& left);

/// Which targets were scaled by what, and which features are constant: a sentence each.
std::vector<std::string> scaling_lines(const Preprocessing& preprocessing);
/// JSON: {"targets": {name: {"mean", "deviation"}}, "constant": [names]}, or null when there is nothing to
/// tell.
std::string scaling_json(const Preprocessing& preprocessing);

}  // namespace shoal
