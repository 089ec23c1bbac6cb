// SPDX-License-Identifier: Apache-2.0
// An assessment of forecasts as JSON and as a table for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <shoal/assessment.hpp>

namespace shoal::cli {

/// Adds the fields that docs/commands.md lists to `report`; what there is no value for is null.
void add_assessment(nlohmann::ordered_json& report, const Assessment& assessment);

/// All rows together, means over keys, and a line for each of the first 100 keys.
std::string assessment_text(const Assessment& assessment);

}  // namespace shoal::cli
