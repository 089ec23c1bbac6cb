// SPDX-License-Identifier: Apache-2.0
// What of a table is in no task, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <shoal/left_out.hpp>

namespace shoal::cli {

/// A line for every rule that left something out, and for unknown categories; none when there is nothing to
/// tell.
std::vector<std::string> left_out_lines(const LeftOut& left);

/// {"rows": by all rules, "rows_by_rule": {name: count} of the rules that left something out, "keys" and
/// "example" when keys have too few rows, "straddling_tasks", "windows_without_target", "unknown_categories"
/// when there are any}, or null when there is nothing to tell.
nlohmann::ordered_json left_out_json(const LeftOut& left);

}  // namespace shoal::cli
