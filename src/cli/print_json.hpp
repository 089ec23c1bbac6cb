// SPDX-License-Identifier: Apache-2.0
// Prints JSON on standard output: one line, safe for a terminal whatever bytes file names contain.
#pragma once

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include <shoal/data_report.hpp>

namespace shoal::cli {

/// Serialises JSON, with a newline at the end. Bytes that are not UTF-8 become U+FFFD; control characters and
/// marks that change the direction of writing become \u escapes.
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

/// Rows of a table that are in no task, and the scaling of its targets (data_report.hpp). null for other
/// data, and when there is nothing to report.
nlohmann::ordered_json left_out_json(const DataReport& data);
nlohmann::ordered_json scaling_json(const DataReport& data);

inline void print_json(const nlohmann::ordered_json& value) {
  std::fputs(json_text(value).c_str(), stdout);
}

}  // namespace shoal::cli
