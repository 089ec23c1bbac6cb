// SPDX-License-Identifier: Apache-2.0
// JSON for people's terminals and for programs: one line on standard output, whatever bytes file names hold.
#pragma once

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include <shoal/data_report.hpp>

namespace shoal::cli {

/// With a newline at its end. Bytes that are not UTF-8 become U+FFFD; control characters and marks that turn
/// the direction of writing stand as \u escapes.
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

/// What of a table is in no task, and how it was scaled (data_report.hpp); null for other data, and where
/// there is nothing to tell.
nlohmann::ordered_json left_out_json(const DataReport& data);
nlohmann::ordered_json scaling_json(const DataReport& data);

inline void print_json(const nlohmann::ordered_json& value) {
  std::fputs(json_text(value).c_str(), stdout);
}

}  // namespace shoal::cli
