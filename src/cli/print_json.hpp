// SPDX-License-Identifier: Apache-2.0
// JSON for people's terminals and for programs: one line on standard output, whatever bytes file names hold.
#pragma once

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

namespace shoal::cli {

/// With a newline at its end. Bytes that are not UTF-8 become U+FFFD; control characters and marks that turn
/// the direction of writing stand as \u escapes.
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

inline void print_json(const nlohmann::ordered_json& value) {
  std::fputs(json_text(value).c_str(), stdout);
}

}  // namespace shoal::cli
