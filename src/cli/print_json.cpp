// SPDX-License-Identifier: Apache-2.0
#include "cli/print_json.hpp"

#include <shoal/quoted_text.hpp>

namespace shoal::cli {

std::string json_text(const nlohmann::ordered_json& value, int indent) {
  return printable_json(value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) +
         "\n";
}

nlohmann::ordered_json left_out_json(const DataReport& data) {
  return data.left_out ? nlohmann::ordered_json::parse(shoal::left_out_json(*data.left_out)) : nullptr;
}

nlohmann::ordered_json scaling_json(const DataReport& data) {
  return data.preprocessing ? nlohmann::ordered_json::parse(shoal::scaling_json(*data.preprocessing))
                            : nullptr;
}

}  // namespace shoal::cli
